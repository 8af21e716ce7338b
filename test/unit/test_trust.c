// SPDX-License-Identifier: Apache-2.0
/* test_trust.c - paths of files that a configuration names */
#include "base/trust.h"

#include "unit.h"

#include <criterion/criterion.h>

#include "base/banned.h"

Test(trust, plain_paths)
{
	static const char *const plain[] = { "/a", "/a/b.log", "/...", "/a/.b", "/a/b..", "/..a/b" };
	static const char *const others[] = { "",      "a",	  "/",	   "//a",   "/a/",
					      "/a//b", "/.",	  "/..",   "/a/.",  "/./a",
					      "/a/..", "/a/../b", "./a/b", "/a/b/." };
	size_t i;

	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		cr_expect(nk_trust_is_plain(plain[i]), "%s", plain[i]);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		cr_expect(!nk_trust_is_plain(others[i]), "%s", others[i]);
}
