// SPDX-License-Identifier: Apache-2.0
/* xdpprog: attaches an XDP program named "foreign", as some other owner of the NIC would. */
#include "bpf.h"
#include "cli.h"
#include "link.h"
#include "netns.h"
#include "nl.h"
#include "print.h"

#include <err.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAP_ENTRIES 64
#define INSNS_MAX   8

static const char *netns, *dev, *mode, *link_pin, *map_pin, *action;
static uint64_t fixed_key;
static bool fixed;
static struct nl route;

static uint32_t mode_flag(void)
{
	if (!mode || !strcmp(mode, "native"))
		return XDP_FLAGS_DRV_MODE;
	if (!strcmp(mode, "generic"))
		return XDP_FLAGS_SKB_MODE;
	cli_usage_die("--mode %s: want native or generic", mode);
}

static int action_code(void)
{
	static const struct {
		const char *name;
		int code;
	} actions[] = {
		{ "pass", XDP_PASS },
		{ "drop", XDP_DROP },
		{ "tx", XDP_TX },
		{ "aborted", XDP_ABORTED },
	};
	size_t i;

	if (!action)
		return XDP_PASS;
	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (!strcmp(action, actions[i].name))
			return actions[i].code;
	cli_usage_die("--action %s: want pass, drop, tx or aborted", action);
}

/* return XDP_<action>; */
static uint32_t action_insns(struct bpf_insn *insns)
{
	const struct bpf_insn prog[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = action_code() },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	memcpy(insns, prog, sizeof(prog));
	return sizeof(prog) / sizeof(prog[0]);
}

/* return bpf_redirect_map(map, fixed key or ctx->rx_queue_index, XDP_PASS); */
static uint32_t redirect_insns(struct bpf_insn *insns, int map_fd)
{
	const struct bpf_insn load_key = {
		.code = BPF_LDX | BPF_W | BPF_MEM,
		.dst_reg = BPF_REG_2,
		.src_reg = BPF_REG_1,
		.off = offsetof(struct xdp_md, rx_queue_index),
	};
	const struct bpf_insn set_key = {
		.code = BPF_ALU64 | BPF_MOV | BPF_K,
		.dst_reg = BPF_REG_2,
		.imm = (int)fixed_key,
	};
	const struct bpf_insn prog[] = {
		fixed ? set_key : load_key,
		/* NOLINTNEXTLINE(misc-redundant-expression): BPF_LD and BPF_IMM are both 0 */
		{ .code = BPF_LD | BPF_DW | BPF_IMM,
		  .dst_reg = BPF_REG_1,
		  .src_reg = BPF_PSEUDO_MAP_FD,
		  .imm = map_fd },
		{ 0 }, /* upper half of the 64 bit immediate */
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect_map },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	memcpy(insns, prog, sizeof(prog));
	return sizeof(prog) / sizeof(prog[0]);
}

/* Sets (prog_fd >= 0) or clears (-1) the program of a device by RTM_SETLINK. */
static int set_by_netlink(uint32_t ifindex, int prog_fd, uint32_t flags)
{
	struct nlmsghdr *msg = &route.request.msg;
	struct ifinfomsg *head;
	struct nlattr *xdp;
	int ret;

	nl_open(&route, NETLINK_ROUTE, netns);
	head = nl_request(&route, RTM_SETLINK, 0, sizeof(*head));
	head->ifi_index = (int)ifindex;
	xdp = mnl_attr_nest_start(msg, IFLA_XDP);
	mnl_attr_put_u32(msg, IFLA_XDP_FD, (uint32_t)prog_fd);
	mnl_attr_put_u32(msg, IFLA_XDP_FLAGS, flags);
	mnl_attr_nest_end(msg, xdp);
	ret = nl_talk(&route, NULL, NULL);
	if (ret)
		warnx("%s XDP program %s %s: %s", prog_fd < 0 ? "detach" : "attach",
		      prog_fd < 0 ? "from" : "to", dev, nl_why(&route));
	nl_close(&route);
	return ret;
}

/* Returns the descriptor of the pinned link, or a negative errno after a message. */
static int set_by_link(uint32_t ifindex, int prog_fd)
{
	/* bpf(2) looks for the device in the namespace of the calling thread. */
	int left_fd = netns_enter(netns);
	int fd = bpf_xdp_link_create(prog_fd, ifindex, mode_flag());
	int ret;

	netns_leave(left_fd);
	if (fd < 0) {
		warnx("attach XDP program to %s by a link: %s", dev, cli_errno(-fd));
		return fd;
	}
	ret = bpf_obj_pin(fd, link_pin);
	if (!ret)
		return fd;
	warnx("pin a link at %s: %s", link_pin, cli_errno(-ret));
	close(fd); /* without a pin this detaches */
	return ret;
}

/* Makes the map for --redirect-map, pinned. */
static int make_map(void)
{
	int fd = bpf_xskmap_create("foreign", MAP_ENTRIES);
	int ret;

	if (fd < 0)
		errx(CLI_SYSTEM, "make an XSKMAP of %d entries: %s", MAP_ENTRIES, cli_errno(-fd));
	ret = bpf_obj_pin(fd, map_pin);
	if (ret)
		errx(CLI_SYSTEM, "pin an XSKMAP at %s (a new name on a bpffs?): %s", map_pin,
		     cli_errno(-ret));
	return fd;
}

static void print_result(const struct link *link, int prog_fd, int map_fd, int link_fd)
{
	struct bpf_prog_info prog;
	struct bpf_link_info info;
	struct bpf_map_info map;
	struct print p;

	print_init(&p, true);
	print_begin(&p, NULL, '{');
	print_u64(&p, "ifindex", link->ifindex);
	if (!bpf_info(prog_fd, &prog, sizeof(prog)))
		print_u64(&p, "prog_id", prog.id);
	if (map_fd >= 0 && !bpf_info(map_fd, &map, sizeof(map)))
		print_u64(&p, "map_id", map.id);
	if (link_fd >= 0 && !bpf_info(link_fd, &info, sizeof(info)))
		print_u64(&p, "link_id", info.id);
	print_end(&p, '}');
	print_newline(&p);
}

static int run_attach(int argc, char **argv)
{
	const struct cli_opt options[] = {
		{ "netns", CLI_STR, &netns, .help = "PATH: network namespace of the device" },
		{ "dev", CLI_STR, &dev, .help = "NAME", .required = true },
		{ "mode", CLI_STR, &mode, .help = "native|generic: default native" },
		{ "link", CLI_STR, &link_pin,
		  .help = "PIN: attach by a bpf_link and pin it here; default: by netlink" },
		{ "action", CLI_STR, &action,
		  .help = "pass|drop|tx|aborted: for every frame, default pass" },
		{ "redirect-map", CLI_STR, &map_pin,
		  .help = "PIN: make an XSKMAP here and redirect to it by rx queue, else pass" },
		{ "fixed-key", CLI_U64, &fixed_key, 0, MAP_ENTRIES - 1,
		  .help = "K: redirect all queues to this key", .given = &fixed },
		{ 0 },
	};
	struct bpf_insn insns[INSNS_MAX];
	int prog_fd, ret, map_fd = -1;
	struct link link;
	uint32_t n;

	cli_parse(options, argc, argv);
	if (map_pin && action)
		cli_usage_die("--redirect-map and --action exclude each other");
	if (fixed && !map_pin)
		cli_usage_die("--fixed-key needs --redirect-map");
	(void)mode_flag(); /* complain now if the name is wrong */
	link_get(netns, dev, &link);
	if (map_pin)
		map_fd = make_map();
	n = map_pin ? redirect_insns(insns, map_fd) : action_insns(insns);
	prog_fd = bpf_xdp_load("foreign", insns, n);
	ret = prog_fd;
	if (prog_fd < 0)
		warnx("load an XDP program: %s", cli_errno(-prog_fd));
	else if (link_pin)
		ret = set_by_link(link.ifindex, prog_fd);
	else
		ret = set_by_netlink(link.ifindex, prog_fd,
				     mode_flag() | XDP_FLAGS_UPDATE_IF_NOEXIST);
	if (ret < 0) {
		if (map_pin)
			unlink(map_pin);
		return CLI_SYSTEM;
	}
	print_result(&link, prog_fd, map_fd, link_pin ? ret : -1);
	return CLI_OK;
}

static int run_detach(int argc, char **argv)
{
	const struct cli_opt options[] = {
		{ "netns", CLI_STR, &netns, .help = "PATH: network namespace of the device" },
		{ "dev", CLI_STR, &dev, .help = "NAME: take off what was attached by netlink" },
		{ "mode", CLI_STR, &mode, .help = "native|generic: default: as it is attached" },
		{ "link", CLI_STR, &link_pin, .help = "PIN: detach this bpf_link and unpin it" },
		{ 0 },
	};
	struct link link;
	int fd, ret;

	cli_parse(options, argc, argv);
	if (!dev == !link_pin)
		cli_usage_die("want either --dev or --link");
	if (dev) {
		link_get(netns, dev, &link);
		/* The kernel takes off nothing, and says yes, if the mode is not the right one. */
		if (link.xdp == XDP_ATTACHED_NONE)
			errx(CLI_SYSTEM, "no XDP program is attached to %s", dev);
		if (!mode)
			mode = link.xdp == XDP_ATTACHED_SKB ? "generic" : "native";
		return set_by_netlink(link.ifindex, -1, mode_flag()) ? CLI_SYSTEM : CLI_OK;
	}
	fd = bpf_obj_get(link_pin);
	if (fd < 0)
		errx(CLI_SYSTEM, "open pinned link %s: %s", link_pin, cli_errno(-fd));
	ret = bpf_link_detach(fd);
	if (ret)
		errx(CLI_SYSTEM, "detach link %s: %s", link_pin, cli_errno(-ret));
	if (unlink(link_pin))
		errx(CLI_SYSTEM, "unlink %s: %s", link_pin, cli_errno(errno));
	return CLI_OK;
}

int main(int argc, char **argv)
{
	static const struct cli_cmd cmds[] = {
		{ "attach", run_attach, "attach a program" },
		{ "detach", run_detach, "take it off again" },
		{ 0 },
	};

	return cli_dispatch(cmds, argc, argv);
}
