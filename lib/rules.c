// SPDX-License-Identifier: Apache-2.0
/* rules.c - the pinned map of our flow rules */
#include "rules.h"

#include "error.h"
#include "pinmap.h"
#include "types.h"

#include <bpf/bpf.h>
#include <errno.h>

#include "banned.h"

static const struct nk_pinmap rules = {
	.what = "map of flow rules",
	.name = "nk_rules",
	.value_size = sizeof(struct nk_rule),
	.max_entries = 65536,
};

/* Key of the map: owner and number. */
static uint32_t key_of(uint32_t owner, uint32_t n)
{
	_Static_assert(NK_QUEUE_IDS * NK_RULES_MAX - 1 <= UINT32_MAX, "a key holds both");
	return owner * NK_RULES_MAX + n;
}

static int refused(struct nk_error *err, const char *what, uint32_t owner, uint32_t n)
{
	return nk_error_set(err, NK_CODE_BPF, errno, "cannot use the map of flow rules",
			    "%s rule %u of queue %u: %s", what, n, owner, nk_errno_name(errno));
}

int nk_rules_open(const char *path, bool create, struct nk_error *err)
{
	return nk_pinmap_open(&rules, path, create, err);
}

int nk_rules_put(int fd, uint32_t owner, uint32_t n, const struct nk_rule *rule,
		 struct nk_error *err)
{
	uint32_t key = key_of(owner, n);

	return bpf_map_update_elem(fd, &key, rule, BPF_ANY) ? refused(err, "note", owner, n) : 0;
}

int nk_rules_get(int fd, uint32_t owner, uint32_t n, struct nk_rule *ret, struct nk_error *err)
{
	uint32_t key = key_of(owner, n);

	if (bpf_map_lookup_elem(fd, &key, ret))
		return errno == ENOENT ? -ENOENT : refused(err, "read", owner, n);
	if (ret->version != NK_RULE_VERSION)
		return nk_error_set(err, NK_CODE_BPF, EPROTO, "a flow rule is of another version",
				    "rule %u of queue %u has version %u, this nk-cni knows %d", n,
				    owner, ret->version, NK_RULE_VERSION);
	return 0;
}

int nk_rules_remove(int fd, uint32_t owner, uint32_t n, struct nk_error *err)
{
	uint32_t key = key_of(owner, n);

	if (bpf_map_delete_elem(fd, &key) && errno != ENOENT)
		return refused(err, "forget", owner, n);
	return 0;
}

struct walk {
	int fd;
	int (*fn)(uint32_t owner, const struct nk_rule *rule, void *data, struct nk_error *err);
	void *data;
};

static int visit(uint32_t key, void *data, struct nk_error *err)
{
	const struct walk *walk = data;
	struct nk_rule rule;
	int rc = nk_rules_get(walk->fd, key / NK_RULES_MAX, key % NK_RULES_MAX, &rule, err);

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	return walk->fn(key / NK_RULES_MAX, &rule, walk->data, err);
}

int nk_rules_each(int fd,
		  int (*fn)(uint32_t owner, const struct nk_rule *rule, void *data,
			    struct nk_error *err),
		  void *data, struct nk_error *err)
{
	struct walk walk = { .fd = fd, .fn = fn, .data = data };

	return nk_pinmap_each(&rules, fd, visit, &walk, err);
}
