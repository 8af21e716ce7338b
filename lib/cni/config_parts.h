/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_parts.h - shared by the parts of the configuration parser, config.c and config_*.c
 *
 * Each part reads keys of struct nk_config_raw, checks them, and fills its members of struct
 * nk_config. All return 0, or a negative errno with error code 2, 4 or 7 and the JSON path.
 */
#ifndef NK_CONFIG_PARTS_H
#define NK_CONFIG_PARTS_H

#include "base/json_fields.h"
#include "base/types.h"

struct nk_error;

/* The document as written, before anything is derived from it. */
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
	const char *mac_path, *device_id_path; /* JSON paths of their sources */
	uint32_t mtu;
	bool set_addresses, host_route, forwarding, dad, status_queues;
	bool has_capability; /* "deviceID": the runtime will provide one */
	char bpffs[NK_BPFFS_SIZE];
	char neigh[16];
	const struct nk_json *queues;
	const struct nk_json *rss, *steering, *rings;
	const struct nk_json *xsk;
	const struct nk_json *prev;
	const struct nk_json *runtime_config;
	const struct nk_json *args, *cni_args; /* args.cni: from Pod annotations */
	const struct nk_json *ipam, *dns;
};

int nk_config_unsupported(struct nk_error *err, const char *key, const char *value);
int nk_config_invalid(struct nk_error *err, const char *key, const char *value, const char *wanted);
int nk_config_missing(struct nk_error *err, const char *what);

/* A value of the configuration, and the number that it stands for. */
struct nk_config_word {
	const char *text;
	uint32_t value;
};

/* nk_config_look_up() - look up @text in @words, ended by NULL; an empty text means the first */
int nk_config_look_up(const char *key, const char *text, const struct nk_config_word *words,
		      uint32_t *ret, struct nk_error *err);

/* nk_config_check_keys() - top-level keys that @ours does not have: those of runtimes are tolerated, those of
 * other plugins and misspelt ones refused, others logged. @network: its name, for the warning
 */
int nk_config_check_keys(const struct nk_json *json, const struct nk_json_field *ours,
			 const char *network, struct nk_error *err);

/* nk_config_parse_log(), nk_config_parse_xdp() - only ADD, STATUS, plan and features report errors. The others use the
 * defaults instead: they must work after the configuration was edited.
 */
int nk_config_parse_log(const struct nk_json *json, struct nk_config *config, struct nk_error *err);
int nk_config_parse_xdp(const struct nk_json *json, struct nk_config *config, struct nk_error *err);

/* nk_config_parse_queues() - queues and deviceID; config->queue_count is 0 without them. Multus writes the
 * deviceID of a network's resource into every entry of its list: one that needs no queue ignores it. "queues"
 * decides if the id names no queues, or names queues of another NIC beside queues.ids. @config: with pairing
 * and master
 */
int nk_config_parse_queues(const struct nk_config_raw *raw, const struct nk_request *request,
			   struct nk_config *config, struct nk_error *err);

/* nk_config_parse_xsk() - the Pod's XSKMAP. @config: with pairing */
int nk_config_parse_xsk(const struct nk_config_raw *raw, struct nk_config *config,
			struct nk_error *err);

/* nk_config_parse_pair() - pairing, mode, and the keys for pairs only. */
int nk_config_parse_pair(const struct nk_json *json, const struct nk_config_raw *raw,
			 struct nk_config *config, struct nk_error *err);

/* nk_config_read_pair() - the same for other commands than ADD: an invalid word counts as absent. */
void nk_config_read_pair(const struct nk_json *json, const struct nk_config_raw *raw,
			 struct nk_config *config);

/* nk_config_parse_addresses() - ipam, dns, and the addresses from the runtime, which an IPAM plugin reads itself.
 * If they come in several ways, the last of these takes precedence (as in plugins/ipam/static): IP of CNI_ARGS,
 * args.cni.ips, runtimeConfig.ips.
 */
int nk_config_parse_addresses(const struct nk_config_raw *raw, const struct nk_request *request,
			      struct nk_config *config, struct nk_error *err);

/* nk_config_parse_slice() - rss, steering, neigh and rings: the NIC's configuration. @config: with pairing, xsk,
 * MAC, queues and addresses, which restrict these keys
 */
int nk_config_parse_slice(const struct nk_config_raw *raw, const struct nk_request *request,
			  struct nk_config *config, struct nk_error *err);

#endif
