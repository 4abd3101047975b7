//! `zelo simulator`: the fake Graph API and the customer's phone, alone.

use super::{
    Context,
    demo::people,
    failure::{Failure, Result},
    say, serve,
};
use crate::{clock::Clock, crypto::Token};
use ::simulator::{Channel, Simulator, SimulatorConfig};
use clap::Args;
use serde_json::json;
use std::{net::SocketAddr, sync::Arc};
use whatsapp::{client::AccessToken, phone::Phone, signature::AppSecret};

/// Meta's id of the simulated number.
pub(super) const PHONE_NUMBER_ID: &str = "200300400500601";
/// Meta's id of the simulated account.
pub(super) const WABA_ID: &str = "100200300400501";
/// The simulated number, as the page shows it.
pub(super) const DISPLAY_PHONE: &str = "+55 48 3025-1000";
/// Whose number it is.
pub(super) const BUSINESS: &str = "Hotel Mirante da Lagoa";

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The port on this machine.
    #[arg(long, default_value_t = 8090)]
    port: u16,
    /// Where signed webhooks go; nowhere if left out.
    #[arg(long, value_name = "URL")]
    callback: Option<String>,
}

/// What a simulated channel is connected with.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) access_token: String,
    pub(super) app_secret: String,
    pub(super) verify_token: String,
    pub(super) callback_url: Option<String>,
}

/// The simulated number.
pub(super) fn channel(line: &Line) -> Result<Channel> {
    Ok(Channel {
        phone_number_id: PHONE_NUMBER_ID.into(),
        waba_id: WABA_ID.into(),
        phone: Phone::parse(DISPLAY_PHONE).map_err(|error| Failure::new(error.to_string()))?,
        business_name: BUSINESS.into(),
        access_token: AccessToken::new(line.access_token.clone()),
        app_secret: AppSecret::new(&line.app_secret),
        callback_url: line.callback_url.clone(),
        verify_token: line.verify_token.clone(),
    })
}

pub(super) async fn run(arguments: Arguments, context: &Context) -> Result<()> {
    let listener = serve::bind(SocketAddr::from(([127, 0, 0, 1], arguments.port))).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let line = Line {
        access_token: Token::random()?.reveal().to_owned(),
        app_secret: Token::random()?.reveal().to_owned(),
        verify_token: Token::random()?.reveal().to_owned(),
        callback_url: arguments.callback,
    };
    let clock = Clock::of_the_host();
    let http = crate::egress::client_of_a_tool()?;
    let simulator = Simulator::new(SimulatorConfig::new(http, Arc::new(move || clock.now())));
    simulator.add_channel(channel(&line)?);
    people::move_in(&simulator)?;
    let mut told = serve::StopSignal::listen()?;
    let value = json!({
        "url": url,
        "channel": {
            "phone_number_id": PHONE_NUMBER_ID,
            "waba_id": WABA_ID,
            "access_token": line.access_token,
            "app_secret": line.app_secret,
            "verify_token": line.verify_token,
        },
    });
    let text = format!(
        "The simulator is ready at {url}\n  number {PHONE_NUMBER_ID} of account {WABA_ID}\n  access token {}\n  app \
         secret   {}\n  verify token {}\nCtrl-C ends it.",
        line.access_token, line.app_secret, line.verify_token
    );
    say::either(context.json, &value, &text);
    let stop = async move { told.heard().await };
    Ok(::simulator::serve(listener, simulator, stop).await?)
}
