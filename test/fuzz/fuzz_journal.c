// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_journal.c - entries of the journal: their names, and what they say
 *
 * The first byte says what the input is: the names in the journal's directories; an `ipam` file; the mark of an ADD; or
 * what is to be recorded and read back.
 */
#include "kernel.h"

#include "base/error.h"
#include "cni/ipam.h"
#include "cni/request.h"
#include "run/journal.h"
#include "run/journal_ipam.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct nk_key key = {
	.ifname = "net1", .cni_ifname = "net1", .network = "fast", .container_id = "c1"
};

static void read_names(uint8_t how)
{
	struct nk_journal_list list = { 0 };
	struct nk_error err = { 0 };
	int rc = nk_journal_read(how & 1 ? "fast" : NULL,
				 how & 2 ? NK_JOURNAL_SAMPLE : NK_JOURNAL_ALL, &list, &err);
	uint32_t i;

	fuzz_check_rc(rc, &err, "nk_journal_read");
	for (i = 0; i < list.count; i++)
		fuzz_check(nk_request_is_ifname(list.at[i].key.ifname) &&
				   nk_request_is_ifname(list.at[i].key.cni_ifname) &&
				   nk_request_is_id(list.at[i].key.container_id) &&
				   nk_request_is_id(list.at[i].key.network),
			   "an entry is that of an attachment");
	free(list.at);
}

/* read_file() - the text is a file of the entry */
static void read_file(struct fuzz_input *in)
{
	static struct nk_journal_record record;
	struct nk_error err = { 0 };

	fuzz_kernel.file_size = in->left;
	fuzz_kernel.file = malloc(in->left + 1);
	fuzz_check(fuzz_kernel.file != NULL, "there is memory");
	fuzz_fill(in, fuzz_kernel.file, in->left);
	fuzz_check_rc(nk_journal_lookup(&key, &record, &err), &err, "nk_journal_lookup");
	nk_error_reset(&err);
	fuzz_check_rc(nk_journal_release_addresses(&key, NULL, 1, &err), &err,
		      "nk_journal_release_addresses");
}

/* check_record() - the text of the plugin's call is read back, whatever bytes the variables have */
static void check_record(const struct nk_request *request, const struct nk_ipam *ipam)
{
	struct nk_journal_ipam back = { .text = fuzz_kernel.file };
	struct nk_error err = { 0 };
	bool has_args = false;
	int i;

	fuzz_kernel.file = NULL;
	fuzz_check(!nk_journal_ipam_parse(&back, fuzz_kernel.file_size, &err),
		   "what was recorded is read");
	for (i = 0; back.variables[i]; i++)
		if (!strncmp(back.variables[i], "CNI_ARGS=", 9))
			has_args = !strcmp(back.variables[i] + 9, request->cni_args);
	fuzz_check(has_args && !strcmp(back.netns, request->netns) &&
			   !strcmp(back.ipam.type, ipam->type) &&
			   back.ipam.input_size == ipam->input_size &&
			   !memcmp(back.ipam.input, ipam->input, ipam->input_size),
		   "the plugin's call is read back");
	nk_journal_ipam_fini(&back);
}

static void write_and_read(struct fuzz_input *in)
{
	char *args = fuzz_line(in), *netns = fuzz_line(in), *path = fuzz_line(in), *input;
	static struct nk_journal_record record;
	static struct nk_request request;
	struct nk_journal_place place;
	struct nk_ipam ipam = { .type = "host-local", .cni_path = path, .cni_version = "1.0.0" };
	struct nk_error err = { 0 };

	fuzz_fill(in, &place, sizeof(place));
	input = fuzz_rest(in, &ipam.input_size);
	ipam.input = input;
	request = (struct nk_request){ .cni_args = args, .container_id = "c1", .ifname = "net1" };
	snprintf(request.netns, sizeof(request.netns), "%s", netns);
	fuzz_check(!nk_journal_record(&key, &request, &ipam, "/sys/fs/bpf", &place, &err),
		   "everything can be recorded");
	fuzz_check(nk_journal_lookup(&key, &record, &err) == 1, "what was recorded is found");
	fuzz_check(!strcmp(record.netns, request.netns) && !strcmp(record.bpffs, "/sys/fs/bpf") &&
			   !memcmp(&record.place, &place, sizeof(place)),
		   "the place is read back");
	check_record(&request, &ipam);
	free(input);
	free(path);
	free(netns);
	free(args);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	const uint8_t how = fuzz_u8(&in);
	struct nk_nl nl;

	fuzz_kernel_begin(&in, &nl);
	if (how & 8)
		read_names(how);
	else if (how & 4)
		write_and_read(&in);
	else
		read_file(&in);
	free(fuzz_kernel.file);
	return 0;
}
