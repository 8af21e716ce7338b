/* SPDX-License-Identifier: Apache-2.0 */
/* configs.h - configurations as their tests write, parse and judge them */
#ifndef NK_TEST_CONFIGS_H
#define NK_TEST_CONFIGS_H

#include "cni/config.h"
#include "unit.h"

#include <string.h>

/* What a document needs, to be completed by a row's members. */
#define HEAD   "{\"cniVersion\":\"1.0.0\",\"name\":\"net\",\"type\":\"nk-cni\""
#define MASTER ",\"master\":\"eth0\""
#define QUEUES ",\"queues\":{\"pool\":\"8-15\"}"
#define GOOD   HEAD MASTER QUEUES

static inline int parse(const char *text, enum nk_command command, struct nk_config *ret,
			struct nk_error *err)
{
	const struct nk_request request = { .command = command, .cni_path = "/opt/cni/bin" };

	*ret = (struct nk_config){ 0 };
	*err = (struct nk_error){ 0 };
	return nk_config_parse(text, strlen(text), &request, ret, err);
}

static inline void expect_taken(const char *text, enum nk_command command)
{
	struct nk_config config;
	struct nk_error err;

	unit_expect_ok(text, parse(text, command, &config, &err), &err);
	nk_config_fini(&config);
}

static inline void expect_refused(const char *text, enum nk_command command, enum nk_code code,
				  const char *words)
{
	struct nk_config config;
	struct nk_error err;
	int rc = parse(text, command, &config, &err);

	unit_expect_error(text, rc, &err, code, words);
	nk_config_fini(&config);
}

struct row {
	const char *text;
	enum nk_code code;
	const char *words;
};

#define EXPECT_ROWS(rows)                                                                \
	do {                                                                             \
		size_t i_;                                                               \
		for (i_ = 0; i_ < sizeof(rows) / sizeof((rows)[0]); i_++)                \
			expect_refused((rows)[i_].text, NK_COMMAND_ADD, (rows)[i_].code, \
				       (rows)[i_].words);                                \
	} while (0)

#endif
