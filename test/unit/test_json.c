// SPDX-License-Identifier: Apache-2.0
/* test_json.c - strict JSON */
#include "base/json_fields.h"

#include "unit.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* parse() - text without a NUL behind it, in front of a page that ends the test when it is read. */
static int parse(const char *text, size_t size, struct nk_json **ret, struct nk_error *err)
{
	struct unit_guard guard;
	int rc;

	*ret = NULL;
	*err = (struct nk_error){ 0 };
	unit_guard_init(&guard, size + 1);
	rc = nk_json_parse(unit_guard_put(&guard, text, size, 1), size, ret, err);
	unit_guard_fini(&guard);
	return rc;
}

static void expect_refused_bytes(const char *what, const char *text, size_t size, const char *words)
{
	struct nk_json *json;
	struct nk_error err;
	int rc = parse(text, size, &json, &err);

	unit_expect_error(what, rc, &err, NK_CODE_JSON, words);
	cr_expect_null(json, "ran: %s", what);
	nk_json_free(json);
}

static void expect_refused(const char *text, const char *words)
{
	expect_refused_bytes(text, text, strlen(text), words);
}

/* expect_taken() - and printed on one line it reads @printed */
static void expect_taken(const char *text, const char *printed)
{
	struct nk_json *json;
	struct nk_error err;
	char buf[512];

	unit_expect_ok(text, parse(text, strlen(text), &json, &err), &err);
	if (json) {
		nk_json_print_short(json, buf, sizeof(buf));
		cr_expect_str_eq(buf, printed, "%s was read as %s", text, buf);
	}
	nk_json_free(json);
}

static void expect_printed(const struct nk_json *json, const char *text)
{
	char *printed = nk_json_print_line(json);

	cr_expect_str_eq(printed ? printed : "nothing", text);
	free(printed);
}

/* What does not end is a failure, not a wait. */
TestSuite(json, .timeout = 30);

/* --- documents ------------------------------------------------------------------------------- */

Test(json, documents_are_read)
{
	expect_taken("{}", "{}");
	expect_taken(" \t\r\n[ 1 , -2 , 0.5 ] \t\r\n", "[1,-2,0.5]");
	expect_taken("{\"a\":{\"b\":[true,false,null]}}", "{\"a\":{\"b\":[true,false,null]}}");
	expect_taken("\"a\\u00e9\\n\\\\\\\"\"", "\"a\xc3\xa9\\n\\\\\\\"\"");
	expect_taken("\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"");
	expect_taken("{\"a\":1,\"A\":2}", "{\"a\":1,\"A\":2}");
	expect_taken("\"[[[[{{{{\"", "\"[[[[{{{{\"");
	expect_taken("\"\\\\u0000\"", "\"\\\\u0000\""); /* a backslash, then text */
}

Test(json, what_is_not_json_is_refused_with_its_byte)
{
	static const char *const bad[] = {
		"",
		" ",
		"{",
		"}",
		"[",
		"nul",
		"tru",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1,}",
		"{a:1}",
		"{'a':1}",
		"[1,]",
		"[1 2]",
		"-",
		"+1",
		".5",
		"\"a",
		"\"\\x\"",
		"\"\\u12\"",
		"\"\\ud800\"",
		"NaN",
		"Infinity",
		"// c\n{}",
		"{\"a\":1 \"b\":2}",
		"\"a\\",
		"\"\\udc00\"",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_refused(bad[i], "not JSON|at byte");
}

Test(json, what_is_not_json_is_refused_with_its_line_and_what_is_before)
{
	expect_refused("{\n\t\"a\": 1,\n}\n", "in line 3, after: { \"a\": 1, }");
	expect_refused("{\n  // c\n}", "at byte 4, in line 2, after: {");
	expect_refused("{\n\"a\": \"0123456789012345678901234567890\"\n\"b\"}",
		       "in line 3, after: 123456789012345678901234567890\"");
	expect_refused("[\xc3\xa4]", "in line 1, after: [");
}

Test(json, bytes_behind_the_document_are_refused)
{
	expect_refused("{}x", "not one JSON document|at byte 2");
	expect_refused("{} {}", "not one JSON document|at byte 3");
	expect_refused("{}]", "not one JSON document|at byte 2");
	expect_refused("1 2", "not one JSON document|at byte 2");
	expect_refused("0x10", "not one JSON document|at byte 1");
	expect_refused("nullx", "not one JSON document|at byte 4");
}

/* cJSON takes all of these; RFC 8259 and Go's encoding/json do not. */
Test(json, numbers_that_json_does_not_have_are_refused)
{
	static const char *const bad[] = { "01500", "-01", "00",   "1.",
					   "1.e5",  "-.5", "[01]", "{\"mtu\":01500}" };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_refused(bad[i], "JSON|at byte");
}

/* A double has them as 9007199254740992, 1000, 0.1, 0 and no number at all. */
Test(json, numbers_are_printed_as_they_are_written)
{
	static const char *const texts[] = {
		"9007199254740993",
		"[18446744073709551615,-9223372036854775808]",
		"[1e3,1E+3,1.50e-007,0.10,-0,0.0,-0.0]",
		"[1e999,-1e-999]",
		"{\"1\":2,\"-3\":\"4\",\"5\\\\\":[{\"6\\\"7\":8.0},9,\"10\",[],-11],\"12\":13}",
	};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		expect_taken(texts[i], texts[i]);
}

Test(json, numbers_end_at_63_characters)
{
	char text[80] = "[-";

	memset(text + 2, '7', 62);
	snprintf(text + 64, 16, "]");
	expect_taken(text, text);
	snprintf(text + 64, 16, ".5]");
	expect_refused(text, "too long|63 characters at byte 1");
	snprintf(text + 64, 16, "7]");
	expect_refused(text, "too long|63 characters at byte 1");
}

/* Likewise: a line break in a string is a quote that was forgotten. */
Test(json, control_characters_are_neither_space_nor_text)
{
	expect_refused("\"a\nb\"", "JSON|at byte");
	expect_refused("\"a\tb\"", "JSON|at byte");
	expect_refused("\"a\x01\"", "JSON|at byte");
	expect_refused("{\x01}", "JSON|at byte");
	expect_refused("\x1f{}", "JSON|at byte");
	expect_refused("{}\x0b", "JSON|at byte 2");
}

Test(json, byte_order_mark_is_refused)
{
	expect_refused("\xef\xbb\xbf{}", "JSON|at byte");
}

Test(json, nul_is_refused_as_byte_and_as_escape)
{
	expect_refused("{\"a\":\"b\\u0000c\"}", "\\u0000 is not allowed|at byte 7");
	expect_refused("{\"a\\u0000\":1}", "\\u0000 is not allowed|at byte 3");
	expect_refused("\"\\\\\\u0000\"", "\\u0000 is not allowed|at byte 3");
	expect_refused_bytes("{} and a NUL", "{}\0", 3, "NUL byte at byte 2");
	expect_refused_bytes("NUL in a string", "\"a\0b\"", 5, "NUL byte at byte 2");
	expect_refused_bytes("a NUL alone", "\0", 1, "NUL byte at byte 0");
}

/* cJSON 1.7.15 reads hex digits that are none as 0: a NUL that ends the text unseen. */
Test(json, escapes_without_four_hex_digits_are_refused)
{
	static const char *const bad[] = { "\"a\\u12g4\"", "\"a\\uzzzzb\"", "\"\\u 12f\"",
					   "{\"a\\u00/0\":1}", "\"\\u+0fe\"" };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_refused(bad[i], "JSON|at byte");
}

/* RFC 3629: too short, too long, surrogates, beyond Unicode; and the limits of what is fine. */
Test(json, bytes_that_are_not_utf8_are_refused)
{
	static const char *const bad[] = {
		"\"\x80\"",
		"\"\xc3\"",
		"\"\xc3(\"",
		"\"\xc0\xaf\"",
		"\"\xc1\xbf\"",
		"\"\xe0\x9f\xbf\"",
		"\"\xed\xa0\x80\"",
		"\"\xe2\x82\"",
		"\"\xf0\x8f\xbf\xbf\"",
		"\"\xf4\x90\x80\x80\"",
		"\"\xf8\x88\x80\x80\x80\"",
		"\"\xff\"",
		"{\"\xfe\":1}",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_refused(bad[i], "not JSON|not UTF-8 at byte");
	expect_taken("\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\"",
		     "\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\"");
	expect_taken("\"\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"",
		     "\"\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"");
}

Test(json, keys_given_twice_are_refused_at_any_depth)
{
	expect_refused("{\"a\":1,\"a\":1}", "twice|\"a\"");
	expect_refused("{\"a\":1,\"b\":2,\"a\":null}", "twice|\"a\"");
	expect_refused("{\"a\":1,\"\\u0061\":2}", "twice|\"a\"");
	expect_refused("[[{\"x\":{\"deep\":0,\"deep\":0}}]]", "twice|x: \"deep\"");
	expect_refused("{\"a\":{\"b\":[{\"c\":0,\"c\":0}]}}", "twice|a: b: \"c\"");
	expect_refused("{\"\":1,\"\":2}", "twice|\"\"");
	expect_taken("[{\"a\":1},{\"a\":1}]", "[{\"a\":1},{\"a\":1}]");
}

Test(json, depth_ends_at_32_levels)
{
	char text[80];

	memset(text, '[', 33);
	memset(text + 33, ']', 33);
	expect_refused_bytes("33 levels", text, 66, "too deep|32 levels|at byte 32");
	expect_refused_bytes("33 levels, never closed", text, 33, "too deep|32 levels|at byte 32");
	text[65] = '\0';
	expect_taken(text + 1, text + 1);
}

Test(json, size_ends_at_1_mib)
{
	char *text = malloc(NK_JSON_SIZE_MAX + 1);
	struct nk_json *json;
	struct nk_error err;

	cr_assert(text, "out of memory");
	memset(text, ' ', NK_JSON_SIZE_MAX + 1);
	text[0] = '{';
	text[1] = '}';
	unit_expect_ok("1 MiB", parse(text, NK_JSON_SIZE_MAX, &json, &err), &err);
	nk_json_free(json);
	expect_refused_bytes("1 MiB and a byte", text, NK_JSON_SIZE_MAX + 1,
			     "too long|1048576 bytes");
	free(text);
}

/* The search for keys given twice must not take n * n steps. */
Test(json, one_mib_of_keys_is_read_in_little_time, .timeout = 5)
{
	char *text = malloc(NK_JSON_SIZE_MAX);
	struct nk_json *json;
	struct nk_error err;
	unsigned int key = 0;
	size_t used = 1;

	cr_assert(text, "out of memory");
	text[0] = '{';
	while (used + 32 < NK_JSON_SIZE_MAX)
		used += (size_t)snprintf(text + used, 32, "\"%u\":0,", key++);
	text[used - 1] = '}'; /* in place of the comma */
	unit_expect_ok("1 MiB of keys", parse(text, used, &json, &err), &err);
	cr_expect_gt(key, 80000);
	nk_json_free(json);
	free(text);
}

static const char sample[] =
	"{\"cniVersion\":\"1.0.0\",\"name\":\"n\\u00e9\\n\",\"list\":[1,-2.5e3,"
	"true,null,{}],\"queues\":{\"pool\":\"8-15\",\"count\":2}}";

Test(json, document_cut_at_any_byte_is_refused)
{
	char what[64];
	size_t size;

	for (size = 0; size < sizeof(sample) - 1; size++) {
		snprintf(what, sizeof(what), "the sample cut at byte %zu", size);
		expect_refused_bytes(what, sample, size, "JSON|byte");
	}
	expect_taken(sample,
		     "{\"cniVersion\":\"1.0.0\",\"name\":\"n\xc3\xa9\\n\",\"list\":[1,-2.5e3,"
		     "true,null,{}],\"queues\":{\"pool\":\"8-15\",\"count\":2}}");
}

Test(json, any_byte_replaced_by_any_other_is_read_or_refused)
{
	char text[sizeof(sample)], what[64];
	struct nk_json *json;
	struct nk_error err;
	unsigned int value, refused = 0;
	size_t i;
	int rc;

	snprintf(text, sizeof(text), "%s", sample);
	for (i = 0; i < sizeof(sample) - 1; i++) {
		for (value = 0; value < 256; value++) {
			snprintf(what, sizeof(what), "the sample with byte %zu = 0x%02x", i, value);
			text[i] = (char)value;
			rc = parse(text, sizeof(text) - 1, &json, &err);
			if (rc) {
				unit_expect_error(what, rc, &err, NK_CODE_JSON, "JSON");
				cr_expect_null(json, "ran: %s", what);
				refused++;
			}
			nk_json_free(json);
		}
		text[i] = sample[i];
	}
	cr_expect_gt(refused, 10000, "only %u of the documents were refused", refused);
}

/* --- decoding -------------------------------------------------------------------------------- */

struct target {
	char text[8];
	bool flag;
	uint32_t number;
	const struct nk_json *object, *array;
	const char *any_text;
};

static const struct nk_json_field fields[] = {
	STRING(struct target, "text", text, 2, "ab"),
	BOOL(struct target, "flag", flag),
	UINT(struct target, "number", number, 68, 65535, 1500),
	UINT(struct target, "zero", number, 0, 9),
	OBJECT(struct target, "object", object),
	ARRAY(struct target, "array", array),
	TEXT(struct target, "anyText", any_text),
	ANY("any"),
	END,
};

/* decode() - @text, which has to outlive @target's object: @ret_json is the caller's to free. */
static int decode(const char *text, const char *path, enum nk_json_unknown unknown,
		  struct target *target, struct nk_json **ret_json, struct nk_error *err)
{
	unit_expect_ok(text, parse(text, strlen(text), ret_json, err), err);
	return nk_json_decode(*ret_json, path, fields, unknown, target, err);
}

static void expect_bad(const char *text, const char *path, enum nk_code code, const char *words)
{
	struct target target = { .text = "before", .number = 7 };
	struct nk_json *json;
	struct nk_error err;
	int rc = decode(text, path, NK_JSON_REFUSE, &target, &json, &err);

	unit_expect_error(text, rc, &err, code, words);
	nk_json_free(json);
}

Test(json, members_are_decoded_by_the_table)
{
	static const char text[] =
		"{\"text\":\"1234567\",\"flag\":true,\"number\":1500,"
		"\"object\":{\"a\":1},\"array\":[1,2],\"anyText\":\"\",\"any\":[null]}";
	struct target target = { 0 };
	struct nk_json *json;
	struct nk_error err;

	unit_expect_ok(text, decode(text, "", NK_JSON_REFUSE, &target, &json, &err), &err);
	cr_expect_str_eq(target.text, "1234567");
	cr_expect(target.flag);
	cr_expect_eq(target.number, 1500);
	cr_expect_not_null(nk_json_get(target.object, "a"));
	cr_expect_eq(nk_json_count(target.array), 2);
	cr_expect_str_eq(target.any_text, "");
	nk_json_free(json);
}

Test(json, absent_and_null_members_keep_their_defaults)
{
	static const char *const texts[] = {
		"{}", "{\"text\":null,\"flag\":null,\"number\":null,\"object\":null,"
		      "\"array\":null,\"any\":null}"
	};
	struct nk_json *json;
	struct nk_error err;
	size_t i;

	for (i = 0; i < 2; i++) {
		struct target target = { .text = "before", .flag = true, .number = 7 };

		unit_expect_ok(texts[i], decode(texts[i], "", NK_JSON_REFUSE, &target, &json, &err),
			       &err);
		cr_expect_str_eq(target.text, "before");
		cr_expect(target.flag);
		cr_expect_eq(target.number, 7);
		cr_expect_null(target.object);
		cr_expect_null(target.array);
		nk_json_free(json);
	}
}

Test(json, wrong_types_and_ranges_are_refused_with_path_value_and_what_is_allowed)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "{\"text\":5}", "p.text|5|a string of 2 to 7 bytes" },
		{ "{\"text\":[\"ab\"]}", "p.text|[\"ab\"]|a string of 2 to 7 bytes" },
		{ "{\"text\":\"a\"}", "p.text|\"a\"|a string of 2 to 7 bytes" },
		{ "{\"text\":\"12345678\"}", "p.text|12345678|a string of 2 to 7 bytes" },
		{ "{\"flag\":1}", "p.flag|1|true or false" },
		{ "{\"flag\":\"true\"}", "p.flag|\"true\"|true or false" },
		{ "{\"number\":\"1500\"}", "p.number|\"1500\"|an integer from 68 to 65535" },
		{ "{\"number\":true}", "p.number|true|an integer from 68 to 65535" },
		{ "{\"number\":67}", "p.number|67|an integer from 68 to 65535" },
		{ "{\"number\":65536}", "p.number|65536|an integer from 68 to 65535" },
		{ "{\"number\":1500.9}", "p.number|1500.9|an integer from 68 to 65535" },
		{ "{\"number\":99999999999}", "p.number|99999999999|an integer from 68" },
		{ "{\"number\":4294967364}", "p.number|4294967364|an integer from 68" },
		{ "{\"number\":-1}", "p.number|-1|an integer from 68 to 65535" },
		{ "{\"number\":1e999}", "p.number|1e999|an integer from 68 to 65535" },
		{ "{\"object\":[]}", "p.object|[]|an object" },
		{ "{\"object\":\"{}\"}", "p.object|\"{}\"|an object" },
		{ "{\"array\":{}}", "p.array|{}|an array" },
		{ "{\"array\":\"[]\"}", "p.array|\"[]\"|an array" },
		{ "{\"anyText\":0}", "p.anyText|0|a string" },
		{ "{\"anyText\":[\"a\"]}", "p.anyText|[\"a\"]|a string" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_bad(rows[i].text, "p", NK_CODE_CONFIG, rows[i].words);
	expect_bad("[]", "p", NK_CODE_CONFIG, "p is not an object");
	expect_bad("5", "", NK_CODE_CONFIG, "the document is not an object");
}

Test(json, limits_of_a_range_belong_to_it)
{
	static const struct {
		const char *text;
		uint32_t number;
	} rows[] = { { "{\"number\":68}", 68 }, { "{\"number\":65535}", 65535 } };
	struct target target = { 0 };
	struct nk_json *json;
	struct nk_error err;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unit_expect_ok(rows[i].text,
			       decode(rows[i].text, "", NK_JSON_REFUSE, &target, &json, &err),
			       &err);
		cr_expect_eq(target.number, rows[i].number, "%s", rows[i].text);
		nk_json_free(json);
	}
}

/* Go's encoding/json, which all other plugins read by, takes none of these for an integer. */
Test(json, integers_are_digits_alone)
{
	expect_bad("{\"number\":1e3}", "p", NK_CODE_CONFIG, "p.number: 1e3 is not an integer");
	expect_bad("{\"number\":1500.0}", "p", NK_CODE_CONFIG,
		   "p.number: 1500.0 is not an integer");
	expect_bad("{\"number\":15E+2}", "p", NK_CODE_CONFIG, "p.number: 15E+2 is not an integer");
	expect_bad("{\"zero\":-0}", "p", NK_CODE_CONFIG, "p.zero: -0 is not an integer");
	expect_bad("{\"zero\":0.0}", "p", NK_CODE_CONFIG, "p.zero: 0.0 is not an integer");
}

Test(json, unknown_keys_are_refused_with_key_and_value_in_msg)
{
	struct target target;
	struct nk_json *json;
	struct nk_error err;

	expect_bad("{\"nmber\":15}", "p", NK_CODE_UNSUPPORTED, "\"p.nmber\"|15");
	expect_bad("{\"Number\":15}", "p", NK_CODE_UNSUPPORTED, "\"p.Number\"|15");
	expect_bad("{\"x\":null}", "p", NK_CODE_UNSUPPORTED,
		   "\"p.x\"|null|p has these keys: text, flag, number");
	decode("{\"nmber\":{\"a\":[1]}}", "p", NK_JSON_REFUSE, &target, &json, &err);
	cr_expect(strstr(err.msg, "p.nmber") && strstr(err.msg, "{\"a\":[1]}"), "msg: %s", err.msg);
	nk_json_free(json);
}

Test(json, unknown_keys_are_tolerated_where_the_caller_says_so)
{
	struct target target = { 0 };
	struct nk_json *json;
	struct nk_error err;

	unit_expect_ok("ignore",
		       decode("{\"x\":1,\"flag\":true}", "", NK_JSON_IGNORE, &target, &json, &err),
		       &err);
	nk_json_free(json);
	cr_expect(target.flag);
}

Test(json, refused_value_is_told_with_an_example)
{
	struct target target = { 0 };
	struct nk_json *json;
	struct nk_error err;

	decode("{\"number\":\"1500\"}", "p", NK_JSON_REFUSE, &target, &json, &err);
	cr_expect_str_eq(err.details, "p.number: \"1500\" is not an integer from 68 to 65535");
	cr_expect_str_eq(err.remedy, "for example: \"number\": 1500");
	nk_json_free(json);
	decode("{\"flag\":\"yes\"}", "", NK_JSON_REFUSE, &target, &json, &err);
	cr_expect_str_eq(err.details, "flag: \"yes\" is not true or false");
	cr_expect_str_empty(err.remedy);
	nk_json_free(json);
}

Test(json, invalid_values_are_absent_where_the_caller_says_so)
{
	struct target target = { .number = 7 };
	struct nk_json *json;
	struct nk_error err;

	unit_expect_ok("lenient",
		       decode("{\"x\":1,\"number\":\"x\",\"flag\":true}", "", NK_JSON_LENIENT,
			      &target, &json, &err),
		       &err);
	nk_json_free(json);
	cr_expect(target.flag && target.number == 7);
	cr_expect_eq(err.code, NK_CODE_NONE);
	cr_expect_eq(decode("[]", "", NK_JSON_LENIENT, &target, &json, &err), -EINVAL);
	nk_json_free(json);
}

Test(json, a_misspelt_key_is_refused_with_the_right_spelling)
{
	struct target target = { 0 };
	struct nk_json *json;
	struct nk_error err;

	decode("{\"nubmer\":1}", "p", NK_JSON_REFUSE, &target, &json, &err);
	cr_expect_str_eq(err.remedy, "did you mean \"number\"?");
	nk_json_free(json);
	decode("{\"other\":1}", "p", NK_JSON_REFUSE, &target, &json, &err);
	cr_expect_str_eq(err.remedy, "");
	nk_json_free(json);
}

/* --- reading and building -------------------------------------------------------------------- */

Test(json, getters_give_null_for_what_is_not_there)
{
	struct nk_json *json;
	struct nk_error err;
	char buf[8] = "";
	static const char text[] = "{\"s\":\"v\",\"n\":1,\"l\":[\"e\"],\"deviceID\":\"d\"}";

	unit_expect_ok(text, parse(text, strlen(text), &json, &err), &err);
	cr_expect_str_eq(nk_json_string(nk_json_get(json, "s")), "v");
	cr_expect_null(nk_json_get(json, "S"));
	cr_expect_null(nk_json_get(NULL, "s"));
	cr_expect_null(nk_json_get(nk_json_get(json, "s"), "s"));
	cr_expect_null(nk_json_get(nk_json_get(json, "l"), "e"));
	cr_expect_eq(nk_json_read_string(json, "", "DeviceId", buf, sizeof(buf), &err), 1);
	cr_expect_str_eq(buf, "d");
	cr_expect_null(nk_json_string(nk_json_get(json, "n")));
	cr_expect_null(nk_json_string(NULL));
	cr_expect_str_eq(nk_json_string(nk_json_at(nk_json_get(json, "l"), 0)), "e");
	cr_expect_null(nk_json_at(nk_json_get(json, "l"), 1));
	cr_expect_null(nk_json_at(json, 0), "an object is no array");
	cr_expect_null(nk_json_at(NULL, 0));
	cr_expect_eq(nk_json_count(nk_json_get(json, "l")), 1);
	cr_expect_eq(nk_json_count(json), 0, "an object is no array");
	cr_expect_eq(nk_json_count(nk_json_get(json, "s")), 0);
	cr_expect_eq(nk_json_count(NULL), 0);
	nk_json_free(json);
	nk_json_free(NULL);
}

Test(json, empty_is_null_and_what_holds_nothing)
{
	static const struct {
		const char *text;
		bool empty;
	} rows[] = {
		{ "null", true },  { "{}", true },     { "[]", true },	 { "0", false },
		{ "\"\"", false }, { "false", false }, { "[0]", false }, { "{\"a\":0}", false }
	};
	struct nk_json *json;
	struct nk_error err;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		parse(rows[i].text, strlen(rows[i].text), &json, &err);
		cr_expect_eq(nk_json_is_empty(json), rows[i].empty, "%s", rows[i].text);
		nk_json_free(json);
	}
	cr_expect(nk_json_is_empty(NULL));
}

Test(json, members_and_elements_are_walked_in_their_order)
{
	static const char *const keys[] = { "b", "", "a" };
	struct nk_json *json = unit_json("{'b':['x','y'],'':{},'a':1}");
	const struct nk_json *value = nk_json_first(json);
	size_t i;

	for (i = 0; i < 3; i++, value = nk_json_next(value)) {
		cr_assert(value, "member %zu", i);
		cr_expect_str_eq(nk_json_key(value), keys[i]);
	}
	cr_expect_null(value);
	value = nk_json_first(nk_json_get(json, "b"));
	cr_expect_str_eq(nk_json_string(value), "x");
	cr_expect_null(nk_json_key(value));
	value = nk_json_next(value);
	cr_expect_str_eq(nk_json_string(value), "y");
	cr_expect_null(nk_json_next(value));
	cr_expect_eq(nk_json_count(nk_json_get(json, "b")), 2);
	cr_expect_null(nk_json_first(nk_json_get(json, "")));
	cr_expect_null(nk_json_first(nk_json_get(json, "a")));
	cr_expect_null(nk_json_first(NULL));
	cr_expect_eq(nk_json_count(json), 0, "an object is no array");
	cr_expect_eq(nk_json_count(NULL), 0);
	nk_json_free(json);
}

Test(json, copies_are_whole_and_outlive_what_they_are_of)
{
	struct nk_json *from = unit_json("{'k':[{'':[1e3,'\xc3\xa9\\n',null,true]},{}]}");
	struct nk_json *json = nk_json_new_object();
	char buf[256];

	nk_json_add_copy(json, "other", nk_json_get(from, "k"));
	nk_json_append_copy(nk_json_add_array(json, "l"), nk_json_get(from, "k"));
	nk_json_free(from);
	nk_json_print_short(json, buf, sizeof(buf));
	cr_expect_str_eq(buf, "{\"other\":[{\"\":[1e3,\"\xc3\xa9\\n\",null,true]},{}],"
			      "\"l\":[[{\"\":[1e3,\"\xc3\xa9\\n\",null,true]},{}]]}");
	nk_json_free(json);
}

Test(json, built_documents_are_printed_in_order)
{
	struct nk_json *json = nk_json_new_object(), *list;
	char buf[256];

	nk_json_add_string(json, "a\"", "x\ny\\");
	nk_json_add_uint(json, "n", UINT32_MAX);
	list = nk_json_add_array(json, "l");
	nk_json_append_string(list, "e");
	nk_json_add_uint(nk_json_append_object(list), "k", 0);
	nk_json_add_object(json, "o");
	nk_json_add_uint(json, "m", UINT64_MAX);
	nk_json_add_bool(json, "t", true);
	nk_json_add_bool(json, "f", false);
	nk_json_print_short(json, buf, sizeof(buf));
	cr_expect_str_eq(buf, "{\"a\\\"\":\"x\\ny\\\\\",\"n\":4294967295,\"l\":[\"e\",{\"k\":0}],"
			      "\"o\":{},\"m\":18446744073709551615,\"t\":true,\"f\":false}");
	nk_json_free(json);
}

/* A path of the environment may be of any bytes, and a text that is cut ends anywhere. */
Test(json, what_is_not_utf8_is_printed_as_question_marks)
{
	struct nk_json *json = nk_json_new_object();
	char buf[64];

	nk_json_add_string(json, "a", "\xff\x80/\xc3\xa9/\xe2\x82");
	nk_json_print_short(json, buf, sizeof(buf));
	cr_expect_str_eq(buf, "{\"a\":\"?\?/\xc3\xa9/?\?\"}");
	nk_json_free(json);
}

Test(json, an_array_can_be_the_document)
{
	struct nk_json *json = nk_json_new_array();
	char buf[16];

	nk_json_append_string(json, "e");
	nk_json_print_short(json, buf, sizeof(buf));
	cr_expect_str_eq(buf, "[\"e\"]");
	nk_json_free(json);
}

Test(json, builders_hand_a_null_parent_on)
{
	struct nk_json *json = nk_json_new_object();

	cr_expect_null(nk_json_add_object(NULL, "k"));
	cr_expect_null(nk_json_add_array(NULL, "k"));
	cr_expect_null(nk_json_append_object(NULL));
	cr_expect_null(nk_json_append_string(NULL, "v"));
	cr_expect_null(nk_json_add_string(NULL, "k", "v"));
	cr_expect_null(nk_json_add_uint(NULL, "k", 1));
	cr_expect_null(nk_json_add_uint(NULL, "k", 1));
	cr_expect_null(nk_json_add_bool(NULL, "k", true));
	cr_expect_null(nk_json_print(NULL));
	cr_expect_null(nk_json_add_copy(NULL, "k", json));
	cr_expect_null(nk_json_append_copy(NULL, json));
	cr_expect_null(nk_json_add_copy(json, "k", NULL));
	nk_json_free(json);
}

Test(json, a_document_that_lacks_a_member_is_not_printed)
{
	struct nk_json *json = nk_json_new_object();

	nk_json_add_string(nk_json_add_object(NULL, "k"), "l", "m");
	nk_json_add_string(json, "k", "v");
	cr_expect_null(nk_json_print(json));
	cr_expect_null(nk_json_print_line(json));
	nk_json_free(json);
	json = nk_json_new_object();
	nk_json_add_string(json, "k", "v");
	expect_printed(json, "{\"k\":\"v\"}");
	nk_json_free(json);
}

Test(json, short_print_is_cut_with_dots)
{
	struct nk_json *json = nk_json_new_object();
	char buf[16];

	nk_json_add_string(json, "k", "0123456");
	nk_json_print_short(json, buf, sizeof(buf)); /* 15 bytes: fits */
	cr_expect_str_eq(buf, "{\"k\":\"0123456\"}");
	nk_json_add_uint(json, "l", 1);
	nk_json_print_short(json, buf, sizeof(buf));
	cr_expect_str_eq(buf, "{\"k\":\"012345...");
	nk_json_free(json);
}
