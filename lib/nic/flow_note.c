// SPDX-License-Identifier: Apache-2.0
/* flow_note.c - the pinned map of flow notes */
#include "nic/flow_note.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/types.h"
#include "bpffs/nicdir.h"
#include "bpffs/pinmap.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

#include "base/banned.h"

static const struct nk_pinmap pinmap = {
	.what = "map of flow rules",
	.pin = NK_PIN_RULES,
	.name = "nk_rules",
	.value_size = sizeof(struct nk_flow_note),
	.max_entries = NK_FLOW_NOTES_MAX,
};

static uint32_t key_of(uint32_t owner, uint32_t n)
{
	_Static_assert(NK_QUEUE_IDS * NK_RULES_MAX - 1 <= UINT32_MAX, "a key holds both");
	return owner * NK_RULES_MAX + n;
}

/* set_error() - of a call that has failed with errno */
static int set_error(struct nk_error *err, const char *what, uint32_t owner, uint32_t n)
{
	const int rc = nk_error_sys(err, NK_CODE_BPF, "cannot use the map of flow rules",
				    "%s rule %u of queue %u", what, n, owner);

	if (rc == -E2BIG)
		nk_error_remedy(err,
				"the Pods of a NIC can have %u flow rules: use fewer entries of "
				"\"steering\", or end other Pods first",
				NK_FLOW_NOTES_MAX);
	return rc;
}

int nk_flow_note_open(const struct nk_nicdir *dir, bool create, struct nk_error *err)
{
	return nk_pinmap_open(&pinmap, dir, create, err);
}

int nk_flow_note_put(int fd, uint32_t owner, uint32_t n, const struct nk_flow_note *rule,
		     struct nk_error *err)
{
	uint32_t key = key_of(owner, n);

	return bpf_map_update_elem(fd, &key, rule, BPF_ANY) ? set_error(err, "note", owner, n) : 0;
}

static int check_version(const struct nk_flow_note *rule, uint32_t owner, uint32_t n,
			 struct nk_error *err)
{
	if (rule->version == NK_FLOW_NOTE_VERSION)
		return 0;
	nk_error_set(err, NK_CODE_BPF, EPROTO, "the record of a flow rule is of another version",
		     "rule %u of queue %u has version %u; this nk-cni reads version %d", n, owner,
		     rule->version, NK_FLOW_NOTE_VERSION);
	return nk_pinmap_other_build(err);
}

int nk_flow_note_get(int fd, uint32_t owner, uint32_t n, struct nk_flow_note *ret,
		     struct nk_error *err)
{
	uint32_t key = key_of(owner, n);

	if (bpf_map_lookup_elem(fd, &key, ret))
		return errno == ENOENT ? -ENOENT : set_error(err, "read", owner, n);
	return check_version(ret, owner, n, err);
}

int nk_flow_note_remove(int fd, uint32_t owner, uint32_t n, struct nk_error *err)
{
	uint32_t key = key_of(owner, n);

	if (bpf_map_delete_elem(fd, &key) && errno != ENOENT)
		return set_error(err, "forget", owner, n);
	return 0;
}

int nk_flow_note_read(int fd, struct nk_flow_note_list *ret, struct nk_error *err)
{
	struct nk_u32_list keys cleanup_list = { 0 };
	struct nk_flow_note_entry entry;
	void *values = NULL;
	int rc = nk_pinmap_read(&pinmap, fd, &keys, &values, err);
	uint32_t i;

	for (i = 0; i < keys.count && !rc; i++) {
		entry.owner = keys.at[i] / NK_RULES_MAX;
		entry.rule = ((const struct nk_flow_note *)values)[i];
		rc = check_version(&entry.rule, entry.owner, keys.at[i] % NK_RULES_MAX, err);
		if (!rc)
			rc = nk_list_add(ret, &entry, err);
	}
	free(values);
	return rc;
}
