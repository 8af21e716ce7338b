// SPDX-License-Identifier: Apache-2.0
/* json_lex.c - check each token of a JSON text; no system call */
#include "base/json_lex.h"

#include "base/error.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/banned.h"

struct lexer {
	const char *text;
	size_t size, at;
	unsigned int depth;
};

int nk_json_refuse(const char *text, size_t at, const char *what, struct nk_error *err)
{
	char before[NK_JSON_EXCERPT_SIZE] = "";
	unsigned int line = 1;
	size_t i, used = 0, first = at < sizeof(before) ? 0 : at - (sizeof(before) - 1);

	for (i = 0; i < at; i++)
		line += text[i] == '\n';
	for (i = first; i < at; i++)
		if (!isspace((unsigned char)text[i]))
			before[used++] = isprint((unsigned char)text[i]) ? text[i] : '?';
		else if (used && before[used - 1] != ' ')
			before[used++] = ' ';
	if (used && before[used - 1] == ' ')
		before[--used] = '\0';
	return nk_error_set(err, NK_CODE_JSON, EINVAL, "not JSON", "%s at byte %zu, in line %u%s%s",
			    what, at, line, used ? ", after: " : "", before);
}

static int refuse_text(const struct lexer *lex, struct nk_error *err, const char *what)
{
	return nk_json_refuse(lex->text, lex->at, what, err);
}

/* peek_byte() - the byte @ahead of the current one, or 0 after the end; no token contains a NUL either */
static char peek_byte(const struct lexer *lex, size_t ahead)
{
	return lex->size - lex->at > ahead ? lex->text[lex->at + ahead] : '\0';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* escape_size() - check an escape sequence. Return: its length, including the backslash, or 0 */
static size_t escape_size(const struct lexer *lex)
{
	size_t i;

	if (peek_byte(lex, 1) && strchr("\"\\/bfnrt", peek_byte(lex, 1)))
		return 2;
	if (peek_byte(lex, 1) != 'u')
		return 0;
	for (i = 2; i < 6; i++)
		if (!isxdigit((unsigned char)peek_byte(lex, i)))
			return 0;
	return 6;
}

/* RFC 3629, section 4: first bytes, length, and range of the second byte */
static const struct {
	unsigned char first, last, length, low, high;
} sequences[] = {
	{ 0x00, 0x7f, 1, 0, 0 },       { 0xc2, 0xdf, 2, 0x80, 0xbf }, { 0xe0, 0xe0, 3, 0xa0, 0xbf },
	{ 0xe1, 0xec, 3, 0x80, 0xbf }, { 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf },
	{ 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf }, { 0xf4, 0xf4, 4, 0x80, 0x8f },
};

size_t nk_json_utf8(const char *text, size_t size)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t i = 0, n;

	while (i < sizeof(sequences) / sizeof(sequences[0]) &&
	       (*p < sequences[i].first || *p > sequences[i].last))
		i++;
	if (i == sizeof(sequences) / sizeof(sequences[0]) || sequences[i].length > size)
		return 0;
	if (sequences[i].length > 1 && (p[1] < sequences[i].low || p[1] > sequences[i].high))
		return 0;
	for (n = 2; n < sequences[i].length; n++)
		if ((p[n] & 0xc0) != 0x80)
			return 0;
	return sequences[i].length;
}

static int check_string(struct lexer *lex, struct nk_error *err)
{
	size_t n;

	for (lex->at++; peek_byte(lex, 0) != '"'; lex->at += n) {
		if (lex->at == lex->size)
			return refuse_text(lex, err, "unterminated JSON string");
		if (!peek_byte(lex, 0))
			return refuse_text(lex, err, "NUL byte");
		if ((unsigned char)peek_byte(lex, 0) < 0x20)
			return refuse_text(lex, err, "control character in a JSON string");
		n = nk_json_utf8(lex->text + lex->at, lex->size - lex->at);
		if (!n)
			return refuse_text(lex, err, "JSON string is not UTF-8");
		if (peek_byte(lex, 0) == '\\')
			n = escape_size(lex);
		if (!n)
			return refuse_text(lex, err, "invalid JSON escape");
		if (n == 6 && !memcmp(lex->text + lex->at, "\\u0000", 6))
			return refuse_text(lex, err,
					   "the escape \\u0000 is not allowed in a JSON string");
	}
	lex->at++;
	return 0;
}

/* skip_digits() - skip digits. Return: whether there was at least one */
static bool skip_digits(struct lexer *lex)
{
	size_t start = lex->at;

	while (is_digit(peek_byte(lex, 0)))
		lex->at++;
	return lex->at > start;
}

static int check_number(struct lexer *lex, struct nk_error *err)
{
	size_t start = lex->at;
	bool zero;

	lex->at += peek_byte(lex, 0) == '-';
	zero = peek_byte(lex, 0) == '0';
	if (zero)
		lex->at++;
	if (zero ? is_digit(peek_byte(lex, 0)) : !skip_digits(lex))
		return refuse_text(lex, err, "invalid JSON number");
	if (peek_byte(lex, 0) == '.') {
		lex->at++;
		if (!skip_digits(lex))
			return refuse_text(lex, err, "invalid JSON number");
	}
	if (peek_byte(lex, 0) == 'e' || peek_byte(lex, 0) == 'E') {
		lex->at++;
		lex->at += peek_byte(lex, 0) == '+' || peek_byte(lex, 0) == '-';
		if (!skip_digits(lex))
			return refuse_text(lex, err, "invalid JSON number");
	}
	if (lex->at - start > NK_JSON_NUMBER_MAX)
		return nk_error_set(err, NK_CODE_JSON, EINVAL, "JSON number is too long",
				    "more than %d characters at byte %zu", NK_JSON_NUMBER_MAX,
				    start);
	return 0;
}

static bool begins_number(char c)
{
	return c == '-' || is_digit(c);
}

static int check_token(struct lexer *lex, struct nk_error *err)
{
	char c = peek_byte(lex, 0);

	if (c == '"')
		return check_string(lex, err);
	if (begins_number(c))
		return check_number(lex, err);
	if (c == '{' || c == '[') {
		if (++lex->depth > NK_JSON_DEPTH_MAX)
			return nk_error_set(err, NK_CODE_JSON, EINVAL, "JSON is nested too deep",
					    "more than %d levels at byte %zu", NK_JSON_DEPTH_MAX,
					    lex->at);
	} else if (c == '}' || c == ']') {
		lex->depth -= lex->depth > 0;
	} else if (!c) {
		return refuse_text(lex, err, "NUL byte");
	} else if (!strchr(" \t\r\n,:", c) && !(c >= 'a' && c <= 'z')) {
		return refuse_text(lex, err, "JSON syntax error");
	}
	lex->at++;
	return 0;
}

int nk_json_lex(const char *text, size_t size, struct nk_error *err)
{
	struct lexer lex = { .text = text, .size = size };
	int rc = 0;

	while (!rc && lex.at < size)
		rc = check_token(&lex, err);
	return rc;
}

size_t nk_json_lex_number(const char *text, size_t size, size_t *at, struct nk_error *err)
{
	struct lexer lex = { .text = text, .size = size, .at = *at };
	bool found = false;
	size_t start = 0;

	while (!found && lex.at < size) {
		start = lex.at;
		found = begins_number(peek_byte(&lex, 0));
		if (check_token(&lex, err))
			return 0;
	}
	*at = lex.at;
	return found ? lex.at - start : 0;
}
