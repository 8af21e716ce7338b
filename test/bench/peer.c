// SPDX-License-Identifier: Apache-2.0
/* peer NIC HOST-END ADDRESS: attaches peer.bpf.c to a NIC, where it stays: "tc qdisc del dev NIC clsact" removes it */
#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <net/if.h>
#include <stdlib.h>

#include "test/bench/peer.skel.h"

static uint32_t number_of(const char *name)
{
	const uint32_t ret = if_nametoindex(name);

	if (!ret)
		err(EXIT_FAILURE, "%s", name);
	return ret;
}

int main(int argc, char **argv)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts);
	struct peer_bpf *peer;
	struct in_addr address;

	if (argc != 4 || inet_pton(AF_INET, argv[3], &address) != 1)
		errx(EXIT_FAILURE, "usage: %s NIC HOST-END ADDRESS", argv[0]);
	peer = peer_bpf__open();
	if (!peer)
		err(EXIT_FAILURE, "open the program");
	peer->rodata->host_end = number_of(argv[2]);
	peer->rodata->address = address.s_addr;
	if (peer_bpf__load(peer))
		err(EXIT_FAILURE, "load the program");
	hook.ifindex = (int)number_of(argv[1]);
	opts.prog_fd = bpf_program__fd(peer->progs.redirect_to_peer);
	if (bpf_tc_hook_create(&hook) || bpf_tc_attach(&hook, &opts))
		err(EXIT_FAILURE, "attach the program to %s", argv[1]);
	peer_bpf__destroy(peer);
	return EXIT_SUCCESS;
}
