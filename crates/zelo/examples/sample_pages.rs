//! Write sample pages to a folder, to look at them in a browser without a server:
//! `cargo run --example sample_pages -- /tmp/pages && python3 -m http.server -d /tmp/pages`.

use std::{env, error::Error, fs, path::Path};

use zelo::pages::{
    self,
    context::{PageContext, Theme},
    locale::Lang,
    render,
    view::{ErrorPage, ListQuery, LoginError, LoginPage, Window},
};

#[path = "../src/pages/tests/sample.rs"]
mod sample;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args().nth(1).ok_or("name a folder to write to")?;
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    let themes = [Theme::Light, Theme::Dark, Theme::Contrast];
    for lang in [Lang::Portuguese, Lang::English] {
        for theme in themes {
            let cx = sample::context(lang, theme);
            for (name, page) in pages_of(&cx)? {
                fs::write(folder.join(format!("{name}-{}-{}.html", lang.tag(), theme.name())), page)?;
            }
        }
    }
    copy_assets(folder)
}

fn pages_of(cx: &PageContext) -> Result<Vec<(&'static str, String)>, Box<dyn Error>> {
    let mut closed = sample::thread(sample::rare_entries(cx));
    closed.composer.window = Window::Closed { since_ms: Some(sample::NOW_MS - 3_600_000) };
    closed.head.window = closed.composer.window;
    let login = LoginPage {
        email: "ana@mirante.exemplo.com.br".to_owned(),
        next: "/".to_owned(),
        error: Some(LoginError::Mismatch { attempts_left: Some(3) }),
        host: "mirante.exemplo.com.br".to_owned(),
    };
    let missing = ErrorPage { status: 404, request_id: Some("019aa6c0-55d1".to_owned()) };
    Ok(vec![
        ("inbox", render::inbox(cx, &sample::inbox(Some(sample::thread(sample::entries(cx)))))?),
        ("rare", render::inbox(cx, &sample::inbox(Some(closed)))?),
        ("list", render::inbox(cx, &sample::inbox(None))?),
        ("empty", render::inbox(cx, &sample::empty_inbox(ListQuery::default()))?),
        ("audit", render::audit(cx, &sample::audit())?),
        ("channels", render::channels(cx, &sample::channels())?),
        ("templates", render::templates(cx, &sample::templates())?),
        ("template", render::template(cx, &sample::template())?),
        ("template-new", render::new_template(cx, &sample::new_template())?),
        ("template-chooser", render::template_chooser(cx, &sample::template_chooser())?),
        ("login", render::login(cx, &login)?),
        ("missing", render::error(cx, &missing)?),
    ])
}

/// Pages address their files by the version of all files, as the server does.
fn copy_assets(folder: &Path) -> Result<(), Box<dyn Error>> {
    let cx = sample::context(Lang::Portuguese, Theme::System);
    for path in pages::assets::paths() {
        let target = folder.join(cx.asset(&path).trim_start_matches('/'));
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        let asset = pages::assets::find(&path).ok_or("an asset went missing")?;
        fs::write(target, asset.bytes)?;
    }
    Ok(())
}
