// SPDX-License-Identifier: Apache-2.0
/*
 * check_cni.c - what a container runtime finds of CNI on this node: configurations and plugins
 *
 * Runtimes load the files in their directory that end in .conf, .conflist or .json. The first one by name that is
 * valid serves every Pod (containerd, CRI-O).
 */
#include "doctor/checks.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "base/trust.h"
#include "cni/conflist.h"
#include "cni/delegate.h"
#include "doctor/doctor.h"
#include "run/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define OUR_TYPE "nk-cni"

/* --- our executable --------------------------------------------------------------------------- */

/* same_content() - Return: 1, 0, or a negative errno */
static int same_content(int a, int b)
{
	off_stack char x[8192], y[8192];
	ssize_t size;

	do {
		size = read(a, x, sizeof(x));
		if (size < 0 || read(b, y, sizeof(y)) != size)
			return size < 0 ? -errno : 0;
		if (memcmp(x, y, (size_t)size) != 0)
			return 0;
	} while (size);
	return 1;
}

/* is_this_build() - is the file the program that runs? Return: as same_content() */
static int is_this_build(const char *path)
{
	int file cleanup_close = open(path, O_RDONLY | O_CLOEXEC);
	int self cleanup_close = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat a, b;

	if (file < 0 || self < 0 || fstat(file, &a) || fstat(self, &b))
		return -errno;
	return nk_trust_same_file(&a, &b) ? 1 : same_content(file, self);
}

static void judge_program(struct nk_doctor *doctor, const char *path)
{
	struct nk_error err = { 0 };
	int same = is_this_build(path);

	if (access(path, X_OK)) {
		nk_error_set(&err, NK_CODE_KERNEL, EACCES, "the plugin cannot be executed",
			     "%s is not executable", path);
		nk_error_remedy(&err, "chmod 0755 %s", path);
	} else if (same < 0) {
		nk_error_set(&err, NK_CODE_INTERNAL, -same, "the plugin cannot be read", "%s: %s",
			     path, nk_errno_name(-same));
	} else if (!same) {
		nk_error_set(&err, NK_CODE_CONFIG, ESTALE,
			     "the runtime's plugin is not the program that runs now",
			     "%s differs from this nk-cni", path);
		nk_error_remedy(&err, "run \"%s doctor\", or install this version there", path);
	}
	if (err.code == NK_CODE_NONE)
		nk_doctor_ok(doctor, path, "is this nk-cni");
	else
		nk_doctor_error(doctor, access(path, X_OK) ? NK_FINDING_FAIL : NK_FINDING_WARN,
				path, &err);
}

static void check_program(struct nk_doctor *doctor)
{
	const struct nk_delegate call = { .path = doctor->bin_dirs, .type = OUR_TYPE };
	struct nk_error err = { 0 };
	off_stack char path[PATH_MAX];

	if (!nk_delegate_find(&call, path, &err)) {
		judge_program(doctor, path);
		return;
	}
	nk_error_reset(&err);
	nk_error_set(&err, NK_CODE_CONFIG, ENOENT, "the runtime does not find nk-cni",
		     "no directory of %s has it", doctor->bin_dirs);
	nk_error_remedy(&err,
			"install it there (make install CNI_BIN_DIR=DIR), or name the runtime's "
			"plugin directories: --cnipath DIRS");
	nk_doctor_error(doctor, NK_FINDING_FAIL, NULL, &err);
}

/* --- configurations --------------------------------------------------------------------------- */

/* list_confs() - the names of the files, in the runtime's order */
static int list_confs(struct nk_doctor *doctor, int *ret_dir, struct nk_error *err)
{
	struct nk_conf_file_list files cleanup_list = { 0 };
	struct nk_doctor_conf conf;
	uint32_t i;
	int rc;

	*ret_dir = open(doctor->conf_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*ret_dir < 0)
		return nk_error_sys(err, NK_CODE_CONFIG, "there is no network configuration",
				    "open %s", doctor->conf_dir);
	rc = nk_conflist_read_dir(*ret_dir, &files, err);
	for (i = 0; i < files.count && !rc; i++) {
		conf = (struct nk_doctor_conf){ 0 };
		memcpy(conf.file, files.at[i].name, sizeof(conf.file));
		rc = nk_list_add(&doctor->confs, &conf, err);
	}
	return rc;
}

/* count_ours() - also note whether it is Multus' */
static void count_ours(struct nk_doctor_conf *conf, const struct nk_json *entry)
{
	const char *type = nk_json_string(nk_json_get(entry, "type"));

	conf->ours += type && !strcmp(type, OUR_TYPE);
	conf->is_multus |= type && !strncmp(type, "multus", 6);
}

/* refuse_conf() - what a runtime would say of the file. Return: -EINVAL */
static int refuse_conf(const char *file, const char *what, const char *remedy, struct nk_error *err)
{
	nk_error_set(err, NK_CODE_CONFIG, EINVAL, "the runtime cannot load the file", "%s %s", file,
		     what);
	nk_error_remedy(err, "%s", remedy);
	return -EINVAL;
}

static int examine_conf(struct nk_doctor_conf *conf, const struct nk_json *json,
			struct nk_error *err)
{
	const struct nk_json *plugins = nk_json_get(json, "plugins"), *entry;
	const bool is_list = !strcmp(strrchr(conf->file, '.'), ".conflist");
	const char *name = nk_json_string(nk_json_get(json, "name"));

	if (is_list && !nk_json_count(plugins))
		return refuse_conf(conf->file, "has no \"plugins\"",
				   "put the object into {\"cniVersion\": \"1.0.0\", \"name\": ..., "
				   "\"plugins\": [...]}",
				   err);
	if (!is_list && !nk_json_string(nk_json_get(json, "type")))
		return refuse_conf(
			conf->file, "has no \"type\"",
			"name a list FILE.conflist; FILE.conf and FILE.json hold one plugin", err);
	if (name)
		snprintf(conf->name, sizeof(conf->name), "%s", name);
	if (!is_list)
		count_ours(conf, json);
	else
		for (entry = nk_json_first(plugins); entry; entry = nk_json_next(entry))
			count_ours(conf, entry);
	return 0;
}

static int read_conf(struct nk_doctor_conf *conf, int dir, struct nk_error *err)
{
	int fd cleanup_close = openat(dir, conf->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text cleanup_free = NULL;
	struct nk_json *json = NULL;
	int rc = fd < 0 ? -errno : nk_rundir_read_fd(fd, NK_JSON_SIZE_MAX, &text, &conf->size);

	if (rc)
		return nk_error_set(err, NK_CODE_CONFIG, -rc, "cannot read the configuration",
				    "%s: %s", conf->file, nk_errno_name(-rc));
	rc = nk_json_parse(text, conf->size, &json, err);
	if (rc) {
		nk_error_wrap(err, "%s", conf->file);
		return nk_error_remedy(
			err, "correct the file: \"jq . FILE\" shows the place. Until then "
			     "the runtime skips it, and the next list serves its Pods");
	}
	rc = examine_conf(conf, json, err);
	nk_json_free(json);
	if (!rc) {
		conf->text = text;
		text = NULL;
	}
	return rc;
}

/* judge_default() - @first: the first list that a runtime can load */
static void judge_default(struct nk_doctor *doctor, const struct nk_doctor_conf *first)
{
	const struct nk_doctor_conf *ours = NULL;
	struct nk_error err = { 0 };
	uint32_t i;

	for (i = doctor->confs.count; i--;)
		if (doctor->confs.at[i].ours)
			ours = &doctor->confs.at[i];
	if (first->ours || first->is_multus || !ours) {
		nk_doctor_ok(doctor, first->file, "serves every Pod, as the first list of %s; %s",
			     doctor->conf_dir,
			     first->ours      ? "nk-cni is in it" :
			     first->is_multus ? "Multus adds further networks" :
						"no list has nk-cni");
		return;
	}
	nk_error_set(&err, NK_CODE_CONFIG, EEXIST, "no Pod gets nk-cni by default",
		     "%s sorts before %s, and serves every Pod without nk-cni", first->file,
		     ours->file);
	nk_error_remedy(
		&err,
		"if every Pod is to get nk-cni, give %s a name that sorts before %s; if only "
		"some are, use Multus (conf/kubernetes/README.md)",
		ours->file, first->file);
	nk_doctor_error(doctor, NK_FINDING_WARN, first->file, &err);
}

/* judge_names() - of the lists that a runtime can load */
static void judge_names(struct nk_doctor *doctor)
{
	const struct nk_doctor_conf *all = doctor->confs.at;
	struct nk_error err = { 0 };
	uint32_t i, k;

	for (i = 1; i < doctor->confs.count; i++)
		for (k = 0; k < i; k++) {
			if (!all[i].text || !all[k].text || !*all[i].name ||
			    strcmp(all[i].name, all[k].name) != 0 || !(all[i].ours + all[k].ours))
				continue;
			nk_error_reset(&err);
			nk_error_set(
				&err, NK_CODE_CONFIG, EEXIST, "two lists have one name",
				"%s and %s are both \"%s\", so GC of one removes what is of the "
				"other",
				all[k].file, all[i].file, all[i].name);
			nk_error_remedy(&err,
					"give one of them another \"name\" while no Pod of it "
					"runs");
			nk_doctor_error(doctor, NK_FINDING_WARN, all[i].file, &err);
		}
}

static void check_lists(struct nk_doctor *doctor)
{
	const struct nk_doctor_conf *first = NULL;
	int dir cleanup_close = -1;
	struct nk_error err = { 0 };
	uint32_t i;
	int rc = list_confs(doctor, &dir, &err);

	for (i = 0; i < doctor->confs.count && !rc; i++) {
		if (!read_conf(&doctor->confs.at[i], dir, &err)) {
			first = first ? first : &doctor->confs.at[i];
			continue;
		}
		nk_doctor_error(doctor, NK_FINDING_FAIL, doctor->confs.at[i].file, &err);
		nk_error_reset(&err);
	}
	if (!rc && first) {
		judge_default(doctor, first);
		judge_names(doctor);
		return;
	}
	if (!rc)
		nk_error_set(&err, NK_CODE_CONFIG, ENOENT, "there is no network configuration",
			     "%s has no list that the runtime can load", doctor->conf_dir);
	nk_error_remedy(&err,
			"put a list there, such as one of conf/; or name the runtime's directory: "
			"--conf-dir DIR");
	nk_doctor_error(doctor, NK_FINDING_WARN, NULL, &err);
}

/* --- plugins of our lists --------------------------------------------------------------------- */

/* find_plugin() - Return: is it there, or none named? */
static bool find_plugin(struct nk_doctor *doctor, const struct nk_doctor_conf *conf,
			const struct nk_json *of, const char *key)
{
	const char *type = nk_json_string(nk_json_get(of, "type"));
	const struct nk_delegate call = { .path = doctor->bin_dirs, .type = type };
	struct nk_error err = { 0 };
	off_stack char path[PATH_MAX];

	if (!type || !strcmp(type, OUR_TYPE) || !nk_delegate_find(&call, path, &err))
		return true;
	nk_error_reset(&err);
	nk_error_set(&err, NK_CODE_CONFIG, ENOENT, "a plugin does not exist",
		     "%s: %s \"%.64s\" is not in %s", conf->file, key, type, doctor->bin_dirs);
	nk_error_remedy(&err, "install the plugin there; Debian's package "
			      "containernetworking-plugins has those of the CNI project");
	nk_doctor_error(doctor, NK_FINDING_FAIL, conf->file, &err);
	return false;
}

static void find_plugins(struct nk_doctor *doctor, const struct nk_doctor_conf *conf)
{
	const struct nk_json *entry;
	struct nk_json *json = NULL;
	struct nk_error err = { 0 };
	bool found = true;

	if (nk_json_parse(conf->text, conf->size, &json, &err))
		return; /* it was valid: out of memory, which other findings say */
	entry = nk_json_first(nk_json_get(json, "plugins"));
	for (entry = entry ? entry : json; entry;
	     entry = entry == json ? NULL : nk_json_next(entry)) {
		found &= find_plugin(doctor, conf, entry, "type");
		found &= find_plugin(doctor, conf, nk_json_get(entry, "ipam"), "ipam.type");
	}
	nk_json_free(json);
	if (found)
		nk_doctor_ok(doctor, conf->file, "all its plugins are in %s", doctor->bin_dirs);
}

static void check_plugins(struct nk_doctor *doctor)
{
	uint32_t i, ours = 0;

	for (i = 0; i < doctor->confs.count; i++)
		if (doctor->confs.at[i].text && doctor->confs.at[i].ours) {
			find_plugins(doctor, &doctor->confs.at[i]);
			ours++;
		}
	if (!ours)
		nk_doctor_ok(doctor, NULL, "no list of %s has nk-cni: what Multus adds is not here",
			     doctor->conf_dir);
}

const struct nk_check nk_checks_cni[] = {
	{ "program", check_program },
	{ "lists", check_lists },
	{ "plugins", check_plugins },
	{ NULL, NULL },
};
