/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_parts.h - what the parts of the configuration's parser share; for config.c and config_*.c
 *
 * Each part reads keys of struct nk_config_raw, checks them, and fills its members of struct
 * nk_config. All return 0, or a negative errno with error code 2, 4 or 7 and the JSON path.
 */
#ifndef NK_CONFIG_PARTS_H
#define NK_CONFIG_PARTS_H

#include "json.h"
#include "types.h"

#include <stddef.h>

struct nk_error;

/* The document as it is written, before anything is derived from it. */
struct nk_config_raw {
	char cni_version[64];
	char name[NK_ID_SIZE];
	char type[NK_ID_SIZE];
	char master[NK_ALTNAME_SIZE];
	char device_id[NK_ALTNAME_SIZE + 16];
	char pairing[16];
	char mode[8];
	char ifname[IFNAMSIZ];
	char policy[16], peer_policy[16];
	char scrub[16], peer_scrub[16];
	uint32_t headroom, tailroom;
	char mac[32];
	const char *mac_path, *device_id_path; /* where they are from */
	uint32_t mtu;
	bool set_addresses, host_route, forwarding, dad, status_queues;
	bool has_capability; /* "deviceID": the runtime is asked to give one */
	char bpffs[NK_BPFFS_SIZE];
	char neigh[16];
	const struct nk_json *queues;
	const struct nk_json *rss, *steering, *rings;
	const struct nk_json *xsk;
	const struct nk_json *prev;
	const struct nk_json *runtime_config;
	const struct nk_json *args, *cni_args; /* args.cni: of pod annotations */
	const struct nk_json *ipam, *dns;
};

#define STRING(struct_, key, member, min_) \
	{ key, NK_JSON_STRING, offsetof(struct_, member), sizeof(((struct_ *)0)->member), min_, 0 }
#define UINT(struct_, key, member, min_, max_) \
	{ key, NK_JSON_UINT, offsetof(struct_, member), 0, min_, max_ }
#define BOOL(struct_, key, member)   { key, NK_JSON_BOOL, offsetof(struct_, member), 0, 0, 0 }
#define OBJECT(struct_, key, member) { key, NK_JSON_OBJECT, offsetof(struct_, member), 0, 0, 0 }
#define ARRAY(struct_, key, member)  { key, NK_JSON_ARRAY, offsetof(struct_, member), 0, 0, 0 }
#define TEXT(struct_, key, member)   { key, NK_JSON_TEXT, offsetof(struct_, member), 0, 0, 0 }
#define ANY(key)		     { key, NK_JSON_ANY, 0, 0, 0, 0 }
#define END			     { NULL, NK_JSON_ANY, 0, 0, 0, 0 }

int nk_config_unsupported(struct nk_error *err, const char *key, const char *value);
int nk_config_invalid(struct nk_error *err, const char *key, const char *value, const char *wanted);
int nk_config_missing(struct nk_error *err, const char *what);

/* nk_config_refuse() - for what is not one word: @fmt holds the JSON path and says why. */
int nk_config_refuse(struct nk_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A word of the configuration, and the number that it stands for. */
struct nk_config_word {
	const char *text;
	uint32_t value;
};

/* nk_config_look_up() - @text in @words, which NULL ends; empty, it is the first of them. */
int nk_config_look_up(const char *key, const char *text, const struct nk_config_word *words,
		      uint32_t *ret, struct nk_error *err);

/**
 * nk_config_check_keys() - keys at the top of the document that @ours does not have: those that a
 * runtime writes are tolerated, those of peers and misspelt ones refused, others warned about
 * @network: its name, for the warning
 */
int nk_config_check_keys(const struct nk_json *json, const struct nk_json_field *ours,
			 const char *network, struct nk_error *err);

/**
 * nk_config_parse_queues() - queues and deviceID; config->queue_count is 0 where there are none
 * @config: with pairing and master
 *
 * Multus writes the deviceID of a network's resource into every entry of its list: one that needs no
 * queue does not look at it; "queues" decides where the id does not tell queues, or tells those of
 * another NIC beside queues.ids.
 */
int nk_config_parse_queues(const struct nk_config_raw *raw, const struct nk_request *request,
			   struct nk_config *config, struct nk_error *err);

/* nk_config_parse_pair() - pairing, mode, and what a pair has and a single must not have. */
int nk_config_parse_pair(const struct nk_json *json, const struct nk_config_raw *raw,
			 struct nk_config *config, struct nk_error *err);

/* nk_config_read_pair() - what CHECK compares with: "forwarding", and the kernel's options. What is
 * wrong in them counts as absent.
 */
void nk_config_read_pair(const struct nk_json *json, struct nk_config *config);

/**
 * nk_config_parse_addresses() - ipam, dns, and the addresses that the runtime itself gives
 *
 * Those are ours to set only where no IPAM plugin is configured, for that one reads them too. Where
 * they come more than one way the last of these counts (plugins/ipam/static does the same): IP of
 * CNI_ARGS, args.cni.ips, runtimeConfig.ips.
 */
int nk_config_parse_addresses(const struct nk_config_raw *raw, const struct nk_request *request,
			      struct nk_config *config, struct nk_error *err);

/**
 * nk_config_parse_slice() - rss, steering, neigh and rings: how the NIC is sliced
 * @config: with pairing, xsk, MAC, queues and addresses; what they rule out is refused here
 */
int nk_config_parse_slice(const struct nk_config_raw *raw, const struct nk_request *request,
			  struct nk_config *config, struct nk_error *err);

#endif
