/* SPDX-License-Identifier: Apache-2.0 */
/* nic_probe.h - can a NIC do what a configuration asks for? Changes nothing. */
#ifndef NK_NIC_PROBE_H
#define NK_NIC_PROBE_H

struct nk_config;
struct nk_error;
struct nk_lender;
struct nk_nic;
struct nk_nl;

/* nk_nic_probe_up() - Return: 0; or -ENETDOWN with error code 11: the kernel does not report the queues of a NIC that is
 * down
 */
int nk_nic_probe_up(const struct nk_nic *nic, struct nk_error *err);

/**
 * nk_nic_probe() - does the NIC have the features, flow rules and RSS contexts that a configuration needs?
 *
 * Return: 0, or a negative errno with an error that names what is missing, and an alternative
 */
int nk_nic_probe(struct nk_nl *nl, const struct nk_nic *nic, const struct nk_config *config,
		 struct nk_error *err);

/* nk_nic_probe_settings() - does the NIC have all settings that would have to change? ADD need not ask:
 * nk_nic_plan_settings() reads all of them before it changes one.
 */
int nk_nic_probe_settings(const struct nk_lender *lender, const struct nk_config *config,
			  struct nk_error *err);

/* nk_nic_probe_xdp() - does the NIC take our XDP program, at its present MTU? Returns as nk_nic_probe(). */
int nk_nic_probe_xdp(struct nk_nl *nl, const struct nk_nic *nic, struct nk_error *err);

#endif
