/* SPDX-License-Identifier: MIT */
#include "deliver_settings.h"

#include <string.h>

#include "text.h"

#define CFG(member) offsetof(struct deliver_settings, member)

enum smtp_tls { TLS_AUTO, TLS_ON, TLS_OFF };
static const char *const tls_words[] = {"auto", "on", "off", NULL};

static const struct cfg_field common_fields[] = {
    PROCESS_FIELDS(CFG(home), CFG(log_level)),
};

static const struct cfg_field errors_fields[] = {
    {"DATABASE_PATH", CFG_PATH, CFG_PREFIXED, CFG(errors_path), "data/errors.db", 0, 0, NULL,
	"the error tracker's SQLite file"},
    {"BASE_URL", CFG_TEXT, 0, CFG(errors_base_url), NULL, 0, 0, NULL,
	"what links in alerts of errors begin with; unset: ERROR_TRACKER_PUBLIC_URL"},
    {"PUBLIC_URL", CFG_TEXT, CFG_PREFIXED, CFG(errors_public_url), NULL, 0, 0, NULL,
	"likewise; unset: localhost and the port"},
    ALERT_LIST_FIELDS(CFG(deliver.lists)),
    {"SMTP_PORT", CFG_INT, 0, CFG(deliver.smtp.port), "25", 1, 65535, NULL,
	"its port; 465 speaks TLS from the start"},
    {"SMTP_USERNAME", CFG_TEXT, 0, CFG(deliver.smtp.username), NULL, 0, 0, NULL,
	"name to sign in there with"},
    {"SMTP_PASSWORD", CFG_TEXT, CFG_SECRET, CFG(deliver.smtp.password), NULL, 0, 0, NULL,
	"its password"},
    {"SMTP_FROM", CFG_TEXT, 0, CFG(deliver.smtp_from), "errors@example.com", 0, 0, NULL,
	"sender of the mails: an address, or a name and <ADDRESS>"},
    {"SMTP_TLS_REQUIRED", CFG_CHOICE, 0, CFG(smtp_tls), "auto", 0, 0, tls_words,
	"whether mail goes over TLS or not at all; auto: where there is a password"},
    {"SMTP_CA_FILE", CFG_PATH, 0, CFG(deliver.smtp.ca_file), NULL, 0, 0, NULL,
	"certificates to trust instead of the system's"},
    {"ALERT_HOURLY_CAP", CFG_INT, 0, CFG(deliver.hourly_cap), "20", 0, 100000, NULL,
	"alerts told one by one in ALERT_CAP_SECONDS, the rest in a digest; 0: no cap"},
    {"ALERT_CAP_SECONDS", CFG_INT, 0, CFG(deliver.cap_seconds), "3600", 1, 604800, NULL,
	"the time that ALERT_HOURLY_CAP is for"},
};

static const struct cfg_field metrics_fields[] = {
    {"DATABASE_PATH", CFG_PATH, CFG_PREFIXED, CFG(metrics_path), "data/metrics.db", 0, 0, NULL,
	"the metrics collector's SQLite file"},
    {"PUBLIC_URL", CFG_TEXT, CFG_PREFIXED, CFG(metrics_public_url), NULL, 0, 0, NULL,
	"what links in alerts of metrics begin with; unset: localhost and the port"},
};

static const struct cfg_field relay_fields[] = {
    {"DATABASE_PATH", CFG_PATH, CFG_PREFIXED, CFG(relay_path), "data/relay.db", 0, 0, NULL,
	"the browser relay's SQLite file"},
    {"RELAY_INTERNAL_KEY", CFG_TEXT, CFG_SECRET, CFG(internal_key), NULL, 0, 0, NULL,
	"the relay's own key at tracker and collector"},
    {"ERROR_TRACKER_URL", CFG_TEXT, 0, CFG(urls[TO_ERRORS]), NULL, 0, 0, NULL,
	"where the error tracker is reached; unset: by its port on this host"},
    {"ERROR_TRACKER_API_KEY", CFG_TEXT, CFG_SECRET, CFG(keys[TO_ERRORS]), NULL, 0, 0, NULL,
	"its key, where RELAY_INTERNAL_KEY is not set"},
    {"METRICS_COLLECTOR_URL", CFG_TEXT, 0, CFG(urls[TO_METRICS]), NULL, 0, 0, NULL,
	"where the metrics collector is reached; unset: by its port on this host"},
    {"METRICS_COLLECTOR_API_KEY", CFG_TEXT, CFG_SECRET, CFG(keys[TO_METRICS]), NULL, 0, 0, NULL,
	"its key, where RELAY_INTERNAL_KEY is not set"},
    {"BIND_ADDRESS", CFG_TEXT, 0, CFG(bind_address), "127.0.0.1", 0, 0, NULL,
	"address that lighttpd listens on"},
    {"ERROR_TRACKER_PORT", CFG_INT, 0, CFG(ports[TO_ERRORS]), "5010", 1, 65535, NULL, "its port"},
    {"METRICS_COLLECTOR_PORT", CFG_INT, 0, CFG(ports[TO_METRICS]), "5012", 1, 65535, NULL,
	"its port"},
};

const struct process_section deliver_sections[DELIVER_SECTIONS] = {
    {NULL, common_fields, NELEM(common_fields)},
    {"ERROR_TRACKER", errors_fields, NELEM(errors_fields)},
    {"METRICS_COLLECTOR", metrics_fields, NELEM(metrics_fields)},
    {"BROWSER_RELAY", relay_fields, NELEM(relay_fields)},
};

/* ---- what follows from them ---------------------------------------------------------- */

/* What links begin with, given or by the port. */
static const char *
pages_at(struct arena *kept, const char *url, int64_t port)
{
	size_t len = url != NULL ? strlen(url) : 0;

	if (url == NULL)
		return arena_printf(kept, "http://localhost:%lld", (long long)port);
	while (len > 0 && url[len - 1] == '/')
		len--;
	return arena_strndup(kept, url, len);
}

int
deliver_settings_complete(struct deliver_settings *cfg, struct arena *kept, FILE *errors)
{
	struct smtp *smtp = &cfg->deliver.smtp;
	int bad = 0;

	cfg->errors_pages = pages_at(kept,
	    cfg->errors_base_url != NULL ? cfg->errors_base_url : cfg->errors_public_url,
	    cfg->ports[TO_ERRORS]);
	cfg->metrics_pages = pages_at(kept, cfg->metrics_public_url, cfg->ports[TO_METRICS]);
	smtp->host = cfg->deliver.lists.smtp_host;
	smtp->tls_required =
	    cfg->smtp_tls == TLS_ON || (cfg->smtp_tls == TLS_AUTO && smtp->username != NULL);
	if ((smtp->username == NULL) != (smtp->password == NULL)) {
		(void)fprintf(errors, "SMTP_USERNAME and SMTP_PASSWORD go together\n");
		bad++;
	}
	if (smtp->username != NULL && !smtp->tls_required && smtp->port != SMTPS_PORT) {
		(void)fprintf(errors, "SMTP_TLS_REQUIRED=off would send SMTP_PASSWORD in clear\n");
		bad++;
	}
	if (alert_channels_sender(kept, cfg->deliver.smtp_from) == NULL) {
		(void)fprintf(errors, "SMTP_FROM must be an address or NAME <ADDRESS>\n");
		bad++;
	}
	return bad + alert_channels_read(&cfg->deliver.lists, kept, &cfg->deliver.channels, errors);
}
