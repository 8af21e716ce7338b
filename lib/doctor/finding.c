// SPDX-License-Identifier: Apache-2.0
/* finding.c - what the checks have found: as a table, as JSON, as an exit status */
#include "doctor/finding.h"

#include "base/json.h"
#include "base/list.h"
#include "base/text.h"

#include <string.h>

#include "base/banned.h"

#define STATE_WIDTH  9
#define COLUMN_SPACE 2

static const struct {
	const char *name, *colour;
	int status;
} states[] = {
	[NK_FINDING_OK] = { "ok", "\033[32m", 0 },
	[NK_FINDING_UNKNOWN] = { "unknown", "\033[35m", 1 },
	[NK_FINDING_WARN] = { "warn", "\033[33m", 1 },
	[NK_FINDING_FAIL] = { "fail", "\033[31m", 2 },
};

int nk_finding_add(struct nk_finding_list *list, const struct nk_finding *finding,
		   struct nk_error *err)
{
	struct nk_finding *added;
	char *blank;
	int rc = nk_list_add(list, finding, err);

	if (rc)
		return rc;
	added = &list->at[list->count - 1];
	nk_text_clean(added->about, "");
	nk_text_clean(added->text, "");
	nk_text_clean(added->fix, "");
	for (blank = added->about; (blank = strchr(blank, ' ')); blank++)
		*blank = '?';
	return 0;
}

static int widest(const struct nk_finding_list *list, bool of_about, const char *title)
{
	size_t width = strlen(title), one;
	uint32_t i;

	for (i = 0; i < list->count; i++) {
		one = strlen(of_about ? list->at[i].about : list->at[i].check);
		if (one > width)
			width = one;
	}
	return (int)width + COLUMN_SPACE;
}

void nk_finding_table(const struct nk_finding_list *list, bool colour, FILE *out)
{
	const int check = widest(list, false, "CHECK"), about = widest(list, true, "ABOUT");
	const struct nk_finding *finding;
	uint32_t i;

	fprintf(out, "%-*s%-*s%-*sFINDING\n", STATE_WIDTH, "STATE", check, "CHECK", about, "ABOUT");
	for (i = 0; i < list->count; i++) {
		finding = &list->at[i];
		fprintf(out, "%s%-*s%s%-*s%-*s%s\n", colour ? states[finding->state].colour : "",
			STATE_WIDTH, states[finding->state].name, colour ? "\033[0m" : "", check,
			finding->check, about, *finding->about ? finding->about : "-",
			finding->text);
		if (*finding->fix)
			fprintf(out, "%*sfix: %s\n", STATE_WIDTH, "", finding->fix);
	}
}

char *nk_finding_json(const struct nk_finding_list *list)
{
	struct nk_json *all = nk_json_new_array(), *json;
	const struct nk_finding *finding;
	char *text;
	uint32_t i;

	for (i = 0; i < list->count; i++) {
		finding = &list->at[i];
		json = nk_json_append_object(all);
		nk_json_add_string(json, "state", states[finding->state].name);
		nk_json_add_string(json, "check", finding->check);
		if (*finding->about)
			nk_json_add_string(json, "about", finding->about);
		nk_json_add_string(json, "finding", finding->text);
		if (*finding->fix)
			nk_json_add_string(json, "fix", finding->fix);
	}
	text = nk_json_print(all);
	nk_json_free(all);
	return text;
}

int nk_finding_status(const struct nk_finding_list *list)
{
	int status = 0;
	uint32_t i;

	for (i = 0; i < list->count; i++)
		if (states[list->at[i].state].status > status)
			status = states[list->at[i].state].status;
	return status;
}
