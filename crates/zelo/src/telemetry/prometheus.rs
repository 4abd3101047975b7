//! Metrics in Prometheus's text form.

use super::process;
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use parking_lot::Mutex;

/// The upper bounds of all histograms of durations, in seconds.
pub const BUCKETS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0];

/// What is counted in this process.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

/// The process has one recorder; tests open several applications in it.
static INSTALLED: Mutex<Option<Metrics>> = Mutex::new(None);

/// Metrics cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The buckets were refused: a defect.
    #[error("the metrics recorder cannot be built: {0}")]
    Build(#[from] BuildError),
    /// Something else in this process has installed a recorder.
    #[error("another metrics recorder is installed")]
    Taken,
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)
}

impl Metrics {
    /// Install the recorder, or give the one that this process has. Do this before the first metric is touched: what
    /// was counted before is lost.
    ///
    /// # Errors
    /// When something else has installed a recorder.
    pub fn install() -> Result<Self, MetricsError> {
        let mut installed = INSTALLED.lock();
        if let Some(metrics) = &*installed {
            return Ok(metrics.clone());
        }
        let recorder = builder()?.build_recorder();
        let metrics = Self { handle: recorder.handle() };
        metrics::set_global_recorder(recorder).map_err(|_| MetricsError::Taken)?;
        describe();
        *installed = Some(metrics.clone());
        Ok(metrics)
    }

    /// Everything that is counted, and how the process does.
    pub fn render(&self) -> String {
        let mut text = self.handle.render();
        process::write(&mut text);
        text
    }

    /// Sort waiting durations into their buckets. Without this they pile up between two scrapes, and without scrapes
    /// without end: call it every few seconds.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}

/// The words that Prometheus shows beside each metric.
fn describe() {
    describe_counter!("zelo_http_requests_total", "Answered requests by route.");
    describe_histogram!("zelo_http_request_duration_seconds", Unit::Seconds, "Time to answer a request.");
    describe_gauge!(
        "zelo_active_users",
        "People whom this process saw within the last five minutes, by browser or program."
    );
    describe_counter!("zelo_webhook_events_total", "Webhook request bodies by what became of them.");
    describe_counter!("zelo_messages_total", "Messages by direction, type and outcome.");
    describe_gauge!("zelo_jobs", "Jobs by queue and state.");
    describe_histogram!("zelo_job_duration_seconds", Unit::Seconds, "Time to run a job.");
    describe_gauge!("zelo_job_oldest_seconds", Unit::Seconds, "Age of the oldest job that waits.");
    describe_counter!(
        "zelo_cache_requests_total",
        "Look-ups of sessions and keys that this process remembers, by outcome."
    );
    describe_counter!("zelo_log_lines_lost_total", "Log lines that could not be written to their files.");
    describe_counter!("zelo_rate_limited_total", "Refused requests by policy.");
    describe_gauge!("zelo_sockets", "Open Socket.IO connections.");
    describe_counter!("zelo_whatsapp_requests_total", "Calls to Meta by operation and outcome.");
    describe_counter!(
        "zelo_sends_postponed_total",
        "Messages that went back into the queue to wait, by reason."
    );
    describe_counter!("zelo_number_slowed_total", "Times that Meta said a number was too fast.");
    describe_counter!("zelo_circuit_changes_total", "Numbers whose circuit opened or closed.");
    describe_counter!("zelo_channels_reconnect_needed_total", "Numbers that Meta stopped accepting.");
    describe_counter!(
        "zelo_channel_silences_total",
        "Numbers on which nothing came in where people usually write."
    );
    describe_counter!("zelo_channel_silences_ended_total", "Silences of numbers that are over.");
    describe_gauge!("zelo_audit_unsealed_entries", "Audit entries that the signed tree does not cover yet.");
    describe_gauge!(
        "zelo_audit_outside_seal_age_seconds",
        Unit::Seconds,
        "Age of the newest checkpoint of the audit log that a keeper outside has."
    );
    describe_histogram!(
        "zelo_audit_seal_lag_seconds",
        Unit::Seconds,
        "Time from an audit entry to its place in the signed tree."
    );
    describe_gauge!("zelo_quota_used", "What all tenants use together of their quotas: bytes, messages.");
    describe_gauge!("zelo_quota_tenants_near", "Tenants that have used nine tenths of a quota or more.");
    describe_counter!("zelo_quota_refusals_total", "What was refused because a quota was used up.");
    describe_counter!(
        "zelo_db_transaction_repeats_total",
        "Transactions repeated because others were in the way."
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_sorted_into_the_promised_buckets() {
        let recorder = builder().unwrap().build_recorder();
        let metrics = Metrics { handle: recorder.handle() };
        metrics::with_local_recorder(&recorder, || {
            for seconds in [0.004, 0.3, 7.0] {
                metrics::histogram!("zelo_http_request_duration_seconds", "method" => "GET").record(seconds);
            }
        });
        let text = metrics.render();
        let bounds: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("zelo_http_request_duration_seconds_bucket"))
            .filter_map(|line| line.split("le=\"").nth(1)?.split('"').next())
            .collect();
        assert_eq!(bounds, ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2", "5", "+Inf"]);
        let count = |bound: &str| {
            let label = format!("le=\"{bound}\"}} ");
            text.lines().find_map(|line| line.split(&label).nth(1)).map(str::to_owned)
        };
        assert_eq!(
            [count("0.005"), count("0.25"), count("0.5"), count("+Inf")].map(Option::unwrap),
            ["1", "1", "2", "3"]
        );
    }

    #[test]
    fn a_process_has_one_recorder_however_often_it_is_asked_for() {
        let first = Metrics::install().unwrap();
        let second = Metrics::install().unwrap();
        metrics::counter!("zelo_test_visits_total").increment(2);
        for metrics in [first, second] {
            assert!(metrics.render().contains("zelo_test_visits_total 2"));
        }
    }

    #[test]
    fn the_process_itself_is_measured() {
        let recorder = builder().unwrap().build_recorder();
        let text = Metrics { handle: recorder.handle() }.render();
        let value = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(&format!("{name} ")));
            line.and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
                .unwrap_or_else(|| panic!("no {name} in {text}"))
        };
        // This test binary is bigger than a megabyte and smaller than the machine.
        assert!((1e6..1e12).contains(&value("process_resident_memory_bytes")));
        assert!(value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"));
        assert!(value("process_open_fds") >= 3.0 && value("process_open_fds") < value("process_max_fds"));
        assert!(value("process_threads") >= 1.0 && value("process_cpu_seconds_total") >= 0.0);
        // Later than 2020, which catches ticks mistaken for seconds.
        assert!(value("process_start_time_seconds") > 1_577_836_800.0);
    }
}
