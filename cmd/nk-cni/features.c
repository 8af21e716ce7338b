// SPDX-License-Identifier: Apache-2.0
/* features.c - "nk-cni features": print a feature file for node-feature-discovery; read only */
#include "commands.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "cni/config.h"
#include "cni/conflist.h"
#include "kernel/nl.h"
#include "node/features.h"
#include "run/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

/* add_entry() - the NIC of the n-th entry of nk-cni in a list */
static int add_entry(const char *text, size_t size, unsigned int n, struct nk_feature_list *ret,
		     struct nk_error *err)
{
	const struct nk_request request = { .command = NK_COMMAND_FEATURES,
					    .cni_path = "",
					    .cni_args = "" };
	off_stack struct nk_config config;
	char *entry cleanup_free = NULL;
	int rc = nk_conflist_pick(text, size, "nk-cni", n, &entry, err);

	if (rc)
		return rc;
	config = (struct nk_config){ 0 };
	rc = nk_config_parse(entry, strlen(entry), &request, &config, err);
	if (!rc)
		rc = nk_features_add_config(ret, &config, err);
	nk_config_fini(&config);
	return rc;
}

static int read_list(int dir, const char *name, struct nk_feature_list *ret, struct nk_error *err)
{
	int fd cleanup_close = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text cleanup_free = NULL;
	size_t size = 0;
	int n, count, rc = fd < 0 ? -errno : nk_rundir_read_fd(fd, NK_JSON_SIZE_MAX, &text, &size);

	if (rc)
		return nk_error_set(err, NK_CODE_IO, -rc, "cannot read a configuration", "%s: %s",
				    name, nk_errno_name(-rc));
	count = nk_conflist_count(text, size, "nk-cni", err);
	for (n = 0, rc = count < 0 ? count : 0; n < count && !rc; n++)
		rc = add_entry(text, size, (unsigned int)n, ret, err);
	if (rc)
		nk_error_wrap(err, "%s", name);
	return rc;
}

/* read_lists() - go on after a failure. Return: 0, or the first one */
static int read_lists(const char *path, struct nk_feature_list *ret, struct nk_error *err)
{
	int dir cleanup_close = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct nk_conf_file_list files cleanup_list = { 0 };
	struct nk_error mine = { 0 };
	uint32_t i;
	int rc;

	if (dir < 0) {
		nk_error_sys(err, NK_CODE_IO, "cannot read the configurations", "%s", path);
		return nk_error_remedy(err, "give the directory of the runtime with --conf-dir");
	}
	rc = nk_conflist_read_dir(dir, &files, err);
	for (i = 0; i < files.count; i++)
		rc = nk_log_keep_first(rc, read_list(dir, files.at[i].name, ret, &mine), err,
				       &mine);
	return rc;
}

/* read_nics() - drop from the list what cannot be read. Return: 0, or the first failure */
static int read_nics(struct nk_nl *host, struct nk_feature_list *list, struct nk_error *err)
{
	struct nk_error mine = { 0 };
	uint32_t i, kept = 0;
	int rc = 0, one;

	for (i = 0; i < list->count; i++) {
		one = nk_features_read(host, &list->at[i], &mine);
		if (!one)
			list->at[kept++] = list->at[i];
		rc = nk_log_keep_first(rc, one, err, &mine);
	}
	list->count = kept;
	return rc;
}

/* add_nics() - those that were given */
static int add_nics(char *const *nics, int count, struct nk_feature_list *ret, struct nk_error *err)
{
	struct nk_feature_nic *nic;
	int i, rc = 0;

	for (i = 0; i < count && !rc; i++)
		rc = nk_features_add(ret, nics[i], &nic, err);
	return rc;
}

int nk_cmd_features(const char *conf_dir, char *const *nics, int nic_count, char **ret,
		    struct nk_error *err)
{
	struct nk_feature_list list cleanup_list = { 0 };
	struct nk_error mine = { 0 };
	struct nk_nl host;
	size_t size;
	FILE *out;
	int rc = nk_nl_open(&host, -1, "host", err);

	*ret = NULL;
	if (!rc)
		rc = add_nics(nics, nic_count, &list, err);
	if (rc) {
		nk_nl_close(&host);
		return rc;
	}
	rc = read_lists(conf_dir, &list, err);
	rc = nk_log_keep_first(rc, read_nics(&host, &list, &mine), err, &mine);
	nk_nl_close(&host);
	out = open_memstream(ret, &size);
	if (out)
		nk_features_print(&list, !rc, out);
	return nk_log_keep_first(rc, nk_text_close(out, ret, &mine), err, &mine);
}
