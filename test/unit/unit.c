// SPDX-License-Identifier: Apache-2.0
/* unit.c - what several unit tests share */
#include "unit.h"

#include "base/json.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* has_word() - is the word that begins @words, up to '|', in any text of @err? */
static bool has_word(const struct nk_error *err, const char *words, char word[128])
{
	snprintf(word, 128, "%.*s", (int)strcspn(words, "|"), words);
	return strstr(err->msg, word) || strstr(err->details, word) || strstr(err->remedy, word);
}

void unit_expect_error(const char *what, int rc, const struct nk_error *err, enum nk_code code,
		       const char *words)
{
	char word[128];

	cr_expect(
		rc < 0 && rc == -err->sys && err->code == code,
		"ran: %.400s\nwanted an error with code %d; got rc %d, code %d, errno %s\n%s: %s; %s",
		what, (int)code, rc, (int)err->code, nk_errno_name(err->sys), err->msg,
		err->details, err->remedy);
	while (*words && err->code != NK_CODE_NONE) {
		cr_expect(has_word(err, words, word), "ran: %.400s\nno \"%s\" in: %s: %s; %s", what,
			  word, err->msg, err->details, err->remedy);
		words += strcspn(words, "|");
		words += *words == '|';
	}
}

void unit_expect_ok(const char *what, int rc, const struct nk_error *err)
{
	cr_expect(rc >= 0 && err->code == NK_CODE_NONE && !err->sys,
		  "ran: %.400s\nwanted success; got rc %d, code %d\n%s: %s; %s", what, rc,
		  (int)err->code, err->msg, err->details, err->remedy);
}

char *unit_quoted(const char *text)
{
	char *copy = strdup(text), *at;

	cr_assert(copy, "out of memory");
	for (at = copy; (at = strchr(at, '\'')); at++)
		*at = '"';
	return copy;
}

struct nk_json *unit_json(const char *text)
{
	struct nk_json *json = NULL;
	struct nk_error err = { 0 };
	char *copy = unit_quoted(text);

	unit_expect_ok(text, nk_json_parse(copy, strlen(copy), &json, &err), &err);
	cr_assert(json, "ran: %.400s", text);
	free(copy);
	return json;
}

void unit_skip(const char *reason)
{
	const char *strict = getenv("NK_TEST_STRICT");

	if (strict && !strcmp(strict, "1"))
		cr_assert_fail("skipped under NK_TEST_STRICT=1: %s", reason);
	fprintf(stderr, "skipped: %s\n",
		reason); /* test/count counts these: Criterion tells of none */
	cr_skip_test("%s", reason);
}

void unit_guard_init(struct unit_guard *guard, size_t size_max)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const size_t used = (size_max + page - 1) / page * page;

	guard->size = used + page;
	guard->page =
		mmap(NULL, guard->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert(guard->page != MAP_FAILED, "mmap: %s", nk_errno_name(errno));
	cr_assert(!mprotect(guard->page + used, page, PROT_NONE), "mprotect: %s",
		  nk_errno_name(errno));
}

void unit_guard_fini(struct unit_guard *guard)
{
	munmap(guard->page, guard->size);
}

void *unit_guard_put(const struct unit_guard *guard, const void *data, size_t size, size_t align)
{
	const size_t used = (size + align - 1) / align * align;
	char *end = guard->page + guard->size - sysconf(_SC_PAGESIZE);

	memset(end - used, 0xff, used);
	if (size)
		memcpy(end - used, data, size);
	return end - used;
}

char *unit_read_text(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;
	ssize_t n;

	cr_assert(file, "open %s at the top of the tree: %s", path, nk_errno_name(errno));
	n = getdelim(&text, &room, '\0', file);
	cr_assert(n > 0, "%s is empty", path);
	fclose(file);
	*ret_size = (size_t)n;
	return text;
}

size_t unit_read_hex(const char *path, uint8_t *buf, size_t size)
{
	size_t text_size, used = 0;
	char *text = unit_read_text(path, &text_size);
	const char *p = text;
	char digits[3] = "";

	while (*p) {
		if (*p == '#') {
			p += strcspn(p, "\n");
		} else if (isspace((unsigned char)*p)) {
			p++;
		} else {
			cr_assert(isxdigit((unsigned char)p[0]) && isxdigit((unsigned char)p[1]) &&
					  used < size,
				  "%s: byte %zu of the file", path, (size_t)(p - text));
			memcpy(digits, p, 2);
			buf[used++] = (uint8_t)strtoul(digits, NULL, 16);
			p += 2;
		}
	}
	free(text);
	return used;
}

void unit_temp_dir(char ret[])
{
	const char *parent = getenv("TMPDIR");

	snprintf(ret, PATH_MAX, "%s/nk-unit-XXXXXX", parent && *parent ? parent : "/tmp");
	cr_assert(mkdtemp(ret), "mkdtemp %s: %s", ret, nk_errno_name(errno));
}

/* Criterion does not count what fails after a test; "make check" counts what is left in TMPDIR. */
void unit_temp_dir_end(const char *path)
{
	cr_expect(!rmdir(path), "rmdir %s: %s: the test left something there", path,
		  nk_errno_name(errno));
}

void unit_write_script(const char *dir, const char *name, const char *body)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	cr_assert(file && fprintf(file, "#!/bin/sh\n%s\n", body) > 0 && !fclose(file) &&
			  !chmod(path, 0755),
		  "write %s: %s", path, nk_errno_name(errno));
}
