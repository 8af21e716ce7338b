// SPDX-License-Identifier: Apache-2.0
/* test_metrics.c - an inventory as Prometheus metrics */
#include "node/metrics.h"

#include "inventories.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(metrics, .timeout = 10);

static void print_label(const struct nk_inventory *of, FILE *out)
{
	nk_metrics_label(of->nics[0].name, out);
}

Test(metrics, label_values_are_escaped)
{
	static const struct {
		const char *value, *want;
	} rows[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "a\"b", "a\\\"b" },
		{ "a\\b", "a\\\\b" },
		{ "a\nb", "a\\nb" },
		{ "\\\"\n", "\\\\\\\"\\n" },
		{ "{},=\t", "{},=?" },
		{ "\x1b[m\x7f\xc2\x9b", "?[m??" }, /* what commands a terminal */
		{ "\xc3\xa9", "\xc3\xa9" },	   /* UTF-8 is left as it is */
		{ "a\xc3", "a?" },		   /* cut short */
		{ "\xff\xfe"
		  "b",
		  "??b" },		   /* none */
		{ "\xed\xa0\x80", "???" }, /* a surrogate */
	};
	struct nk_inventory_nic nic;
	const struct nk_inventory of = { .nic_count = 1, .nics = &nic };
	char *text;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(nic.name, sizeof(nic.name), "%s", rows[i].value);
		text = inventory_text(print_label, &of);
		cr_expect_str_eq(text, rows[i].want, "row %zu: %s", i, text);
		free(text);
	}
}

/* expect_lines() - the lines of a metric: its samples, behind HELP and TYPE */
static void expect_lines(const struct nk_inventory *of, const char *metric, const char *type,
			 const char *samples)
{
	char *text = inventory_text(nk_metrics_print, of), *at, *end, want[2048], head[128];

	snprintf(head, sizeof(head), "# HELP %s ", metric);
	at = strstr(text, head);
	cr_assert_not_null(at, "no %s in\n%s", head, text);
	at = strchr(at, '\n') + 1;
	end = strstr(at, "# HELP ");
	if (end)
		*end = '\0';
	snprintf(want, sizeof(want), "# TYPE %s %s\n%s", metric, type, samples);
	cr_expect_str_eq(at, want, "%s is\n%s", metric, at);
	free(text);
}

#define OWNER                                                                               \
	"network=\"fast\",namespace=\"shop\",pod=\"web-1\",container=\"0123456789abcdef\"," \
	"ifname=\"nk0\""
#define QUEUE_4 "{nic=\"eth0\",queue=\"4\",netkit_queue=\"1\"," OWNER "} "
#define QUEUE_5 "{nic=\"eth0\",queue=\"5\",netkit_queue=\"2\"," OWNER "} "

Test(metrics, a_queue_has_its_counters_and_its_owner)
{
	static const char redirected[] = "nk_cni_queue_redirected_frames_total",
			  no_socket[] = "nk_cni_queue_no_socket_frames_total",
			  dropped[] = "nk_cni_queue_dropped_frames_total",
			  resumed[] = "nk_cni_queue_resumed_frames_total";

	expect_lines(&inventory, redirected, "counter",
		     "nk_cni_queue_redirected_frames_total" QUEUE_4 "1000\n"
		     "nk_cni_queue_redirected_frames_total" QUEUE_5 "18446744073709550615\n");
	expect_lines(&inventory, no_socket, "counter",
		     "nk_cni_queue_no_socket_frames_total" QUEUE_4 "7\n"
		     "nk_cni_queue_no_socket_frames_total" QUEUE_5 "0\n");
	expect_lines(&inventory, dropped, "counter",
		     "nk_cni_queue_dropped_frames_total" QUEUE_4 "3\n"
		     "nk_cni_queue_dropped_frames_total" QUEUE_5 "0\n");
	expect_lines(&inventory, resumed, "counter",
		     "nk_cni_queue_resumed_frames_total" QUEUE_4 "0\n"
		     "nk_cni_queue_resumed_frames_total" QUEUE_5 "2\n");
	expect_lines(&inventory, "nk_cni_queue_holder", "gauge",
		     "nk_cni_queue_holder{nic=\"eth0\",queue=\"4\",netkit_queue=\"1\"," OWNER
		     ",holder=\"xsk\"} 1\n");
}

Test(metrics, an_attachment_has_its_state)
{
	expect_lines(&inventory, "nk_cni_attachment_info", "gauge",
		     "nk_cni_attachment_info{nic=\"eth0\"," OWNER ",cni_ifname=\"net1\","
		     "pairing=\"single\",netns=\"/run/netns/cni-1\",state=\"ok\"} 1\n"
		     "nk_cni_attachment_info{nic=\"eth0\",network=\"wide\",namespace=\"\",pod=\"\","
		     "container=\"c2\",ifname=\"eth0\",cni_ifname=\"eth0\",pairing=\"pair\","
		     "netns=\"\",state=\"unknown\"} 1\n"
		     "nk_cni_attachment_info{nic=\"eth0\",network=\"two\\nlines\",namespace=\"\","
		     "pod=\"?[2J?\",container=\"c3\",ifname=\"a\\\"b\\\\c\",cni_ifname=\"net1\","
		     "pairing=\"single\",netns=\"\",state=\"lost\"} 1\n");
}

/* What is not known is not told: neither leases on a NIC that is down, nor the version of nothing. */
Test(metrics, a_nic_has_its_sums)
{
	const struct nk_inventory first = {
		.nic_count = 1, .row_count = 1, .nics = inventory_nics, .rows = inventory_rows
	};

	expect_lines(&inventory, "nk_cni_queues_claimed", "gauge",
		     "nk_cni_queues_claimed{nic=\"eth0\"} 6\n"
		     "nk_cni_queues_claimed{nic=\"eth1\"} 0\n");
	expect_lines(&inventory, "nk_cni_queues_leased", "gauge",
		     "nk_cni_queues_leased{nic=\"eth1\"} 0\n");
	expect_lines(&first, "nk_cni_queues_leased", "gauge",
		     "nk_cni_queues_leased{nic=\"eth0\"} 2\n");
	expect_lines(&inventory, "nk_cni_program_version", "gauge",
		     "nk_cni_program_version{nic=\"eth0\"} 3\n");
	expect_lines(&inventory, "nk_cni_policy_active", "gauge",
		     "nk_cni_policy_active{nic=\"eth0\"} 0\n");
	expect_lines(&inventory, "nk_cni_answered_frames_total", "counter",
		     "nk_cni_answered_frames_total{nic=\"eth0\"} 11\n");
}

Test(metrics, of_nothing_there_are_heads_alone)
{
	char *text = inventory_text(nk_metrics_print, &inventory_of_nothing), *line, *rest = text;
	int lines = 0;

	while ((line = strsep(&rest, "\n")) && rest) {
		cr_expect(!strncmp(line, lines % 2 ? "# TYPE " : "# HELP ", 7), "%s", line);
		lines++;
	}
	cr_expect_eq(lines, 24);
	free(text);
}
