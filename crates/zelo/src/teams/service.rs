//! What is done with teams.

use super::store;
use crate::{
    app::App,
    audit::{Entry, EventType, Pen},
    conversations::{self, Assignment},
    error::{Error, Result},
    identity::{self, AgentScope, forget_sessions},
    ids::{TeamId, UserId},
    rights::Visibility,
    tenants::TenantScope,
};
use db::Rows;
use std::collections::BTreeSet;

/// A group of a tenant's staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// Its name.
    pub name: String,
    /// Who is in it.
    pub members: BTreeSet<UserId>,
}

/// What is to change of a team; what is not said stays as it is.
#[derive(Debug, Clone, Default)]
pub struct TeamChange {
    /// Its name.
    pub name: Option<String>,
    /// All who are in it.
    pub members: Option<BTreeSet<UserId>>,
}

/// The teams of a tenant, by name.
///
/// # Errors
/// When the database does not answer.
pub async fn list_teams(app: &App, scope: TenantScope) -> Result<Vec<Team>> {
    let (teams, members) = db::read!(app.db, "list_teams", scope.into(), |tx| -> Result<_> {
        Ok((store::list(tx, scope).await?, store::list_members(tx, scope).await?))
    })?;
    let of = |id: TeamId| members.iter().filter(|(team, _)| *team == id).map(|(_, user)| *user).collect();
    Ok(teams.into_iter().map(|(id, name)| Team { id, name, members: of(id) }).collect())
}

/// One team.
///
/// # Errors
/// [`Error::NotFound`], for a stranger's too.
pub async fn get_team(app: &App, scope: TenantScope, id: TeamId) -> Result<Team> {
    list_teams(app, scope).await?.into_iter().find(|team| team.id == id).ok_or(Error::NotFound)
}

/// The teams that somebody is in.
///
/// # Errors
/// When the database does not answer.
pub async fn teams_of(app: &App, scope: TenantScope, user: UserId) -> Result<BTreeSet<TeamId>> {
    let teams = list_teams(app, scope).await?.into_iter();
    Ok(teams.filter(|team| team.members.contains(&user)).map(|team| team.id).collect())
}

/// Refuse to give a conversation to somebody or a team that is not here, or that the giver does not see: whoever sees
/// their teams' conversations gives to these and their members, whoever sees their own to themselves.
///
/// # Errors
/// [`Error::Invalid`], for a stranger's user and team as for those that never existed.
pub async fn check_assignment(app: &App, giver: &AgentScope, wanted: Assignment) -> Result<()> {
    let teams = list_teams(app, giver.tenant).await?;
    let own = |team: &&Team| team.members.contains(&giver.user);
    let sees_all = giver.rights.visibility == Visibility::All;
    if let Some(Some(user)) = wanted.assignee {
        let found = identity::load_users(app, giver.tenant.tenant()).await?.remove(&user);
        let is_colleague = giver.rights.visibility == Visibility::Team
            && teams.iter().filter(own).any(|team| team.members.contains(&user));
        if !found.is_some_and(|found| found.is_active && (sees_all || found.id == giver.user || is_colleague))
        {
            return Err(Error::invalid("user_id", "not_found", "There is no such user here."));
        }
    }
    if let Some(Some(team)) = wanted.team {
        let found = teams.iter().find(|known| known.id == team);
        if !found.is_some_and(|found| sees_all || own(&found)) {
            return Err(Error::invalid("team_id", "not_found", "There is no such team here."));
        }
    }
    Ok(())
}

/// Make a team.
///
/// # Errors
/// [`Error::Invalid`] for a name that does not fit or a member who is nobody here, [`Error::Conflict`] when the name is
/// taken.
pub async fn create_team(
    app: &App,
    scope: TenantScope,
    name: &str,
    members: BTreeSet<UserId>,
) -> Result<Team> {
    let team = Team { id: TeamId(app.ids.next()), name: checked_name(name)?, members };
    let rows = known_members(app, scope, &team.members).await?;
    let (pen, now) = (Pen::of(app, scope.tenant()).await?, app.clock.now());
    db::write!(app.db, "create_team", scope.into(), |tx| -> Result<()> {
        store::insert(tx, scope, team.id, &team.name, now).await.map_err(name_taken)?;
        store::insert_members(tx, scope, team.id, &rows).await?;
        pen.write(tx, entry("team_created", None, Some(&team))).await
    })?;
    forget_sessions(app);
    Ok(team)
}

/// Change a team. Who left it sees its conversations no more.
///
/// # Errors
/// As [`create_team`], and [`Error::NotFound`], for a stranger's too.
pub async fn update_team(app: &App, scope: TenantScope, id: TeamId, change: TeamChange) -> Result<Team> {
    let before = get_team(app, scope, id).await?;
    let name = change.name.as_deref().map(checked_name).transpose()?;
    let after = Team {
        id,
        name: name.unwrap_or_else(|| before.name.clone()),
        members: change.members.unwrap_or_else(|| before.members.clone()),
    };
    let rows = known_members(app, scope, &after.members).await?;
    let pen = Pen::of(app, scope.tenant()).await?;
    db::write!(app.db, "update_team", scope.into(), |tx| -> Result<()> {
        store::lock_name(tx, scope, id).await?.ok_or(Error::NotFound)?;
        store::rename(tx, scope, id, &after.name).await.map_err(name_taken)?;
        store::delete_members(tx, scope, id).await?;
        store::insert_members(tx, scope, id, &rows).await?;
        pen.write(tx, entry("team_changed", Some(&before), Some(&after))).await
    })?;
    forget_sessions(app);
    Ok(after)
}

/// Dissolve a team. Its conversations go back to those who see everything.
///
/// # Errors
/// [`Error::NotFound`], for a stranger's too.
pub async fn delete_team(app: &App, scope: TenantScope, id: TeamId) -> Result<()> {
    let before = get_team(app, scope, id).await?;
    let pen = Pen::of(app, scope.tenant()).await?;
    let now = app.clock.now();
    db::write!(app.db, "delete_team", scope.into(), |tx| -> Result<()> {
        store::lock_name(tx, scope, id).await?.ok_or(Error::NotFound)?;
        conversations::leave_team(tx, scope, id, now).await?;
        store::delete_members(tx, scope, id).await?;
        store::delete(tx, scope, id).await?;
        pen.write(tx, entry("team_deleted", Some(&before), None)).await
    })?;
    forget_sessions(app);
    Ok(())
}

/// The members as rows; a stranger's user is as unknown as one that never existed.
async fn known_members(app: &App, scope: TenantScope, members: &BTreeSet<UserId>) -> Result<Rows<'static>> {
    let staff = identity::load_users(app, scope.tenant()).await?;
    let mut rows = Rows::new();
    for member in members {
        if !staff.contains_key(member) {
            return Err(Error::invalid("member_ids", "not_found", "There is no such user here."));
        }
        rows.push([(*member).into()]);
    }
    Ok(rows)
}

fn entry(action: &'static str, before: Option<&Team>, after: Option<&Team>) -> Entry {
    let name = |team: Option<&Team>| team.map(|team| team.name.clone());
    let members =
        |team: Option<&Team>| serde_json::to_value(team.map(|team| &team.members)).unwrap_or_default();
    let id = before.or(after).map(|team| team.id.to_string()).unwrap_or_default();
    Entry::of(EventType::TeamUpdate, action)
        .on("team", id)
        .changed("name", name(before), name(after))
        .changed("members", members(before), members(after))
}

fn checked_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 60 {
        return Err(Error::invalid("name", "length", "A name has 1 to 60 characters."));
    }
    Ok(name.to_owned())
}

fn name_taken(error: db::Error) -> Error {
    if error.is_unique() {
        return Error::Conflict {
            code: "name_taken",
            detail: "There is a team of this name already.".into(),
        };
    }
    error.into()
}
