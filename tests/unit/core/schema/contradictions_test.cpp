#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/file.hpp"
#include "core/schema/schema.hpp"

namespace evenkeel::schema {
namespace {

using Lines = std::vector<std::string>;

Schema bundled(const std::string& name) {
    const std::string file =
        std::string(std::getenv("EK_PLUGIN_SOURCES")) + "/" + name + "/" + name + ".schema.json";
    auto schema = Schema::compile(read_file(file, 256 * 1024).value());
    EXPECT_TRUE(schema) << file << ": " << schema.error().what;
    return std::move(*schema);
}

// "pointer: detail" of each wrong field.
Lines told(const Schema& schema, const std::string& document, Mode mode = Mode::description) {
    Lines lines;
    for (const FieldError& error : schema.validate(json::parse(document).value(), mode)) {
        lines.push_back(error.pointer + ": " + error.detail);
    }
    return lines;
}

Lines told(const std::string& schema, const std::string& document) {
    const auto compiled = Schema::compile(schema);
    EXPECT_TRUE(compiled) << compiled.error().what;
    return compiled ? told(*compiled, document) : Lines{"schema refused"};
}

struct Case {
    const char* collection;
    const char* description;
    Lines errors;
};
const std::string kPath = "an absolute path without a colon and control characters";
const std::string kBase64 =
    "give canonical Base64 with its padding (RFC 4648 section 4) and no line breaks";
const std::string kDay = "a day of the calendar from 1970-01-01 on, such as 2040-12-31, or never";
const std::string kMode = "four octal digits in quotes, such as \"0644\"";
const std::string kCrypt =
    "not what crypt(5) makes, which is like $y$...; for the ! of a locked one, describe locked";

const std::string kWho =
    "a name without colon and control characters that does not begin with -, or a number of at "
    "most 4294967294";
const std::string kName = "a name without comma, colon and control characters";

TEST(Contradictions, NumbersAndNamesThatCannotBeAreRefused) {
    for (const char* bad : {"a:b", "a\\u0001", "4294967295", "99999999999", "0004294967295", "-1",
                            "-web", "a\\u007f", "a\\nb", "a\\u0000", ""}) {
        const std::string value = std::string("\"") + bad + "\"";
        for (const char* collection : {"files", "directories"}) {
            EXPECT_EQ(told(bundled(collection), R"({"owner":)" + value + "}"),
                      Lines{"/owner: " + kWho})
                << collection << bad;
            EXPECT_EQ(told(bundled(collection), R"({"group":)" + value + "}"),
                      Lines{"/group: " + kWho});
        }
        EXPECT_EQ(told(bundled("users"), R"({"group":)" + value + "}"), Lines{"/group: " + kWho});
    }
    for (const char* good : {"root", "0", "4294967294", "3999999999", "1000", "a-b", "7up", "007",
                             "EXAMPLE\\\\jo doe", "jo@example.org", "_x", "systemd-network"}) {
        const std::string value = std::string("{\"group\":\"") + good + "\"}";
        for (const char* collection : {"files", "directories", "users"}) {
            EXPECT_EQ(told(bundled(collection), value), Lines{}) << collection << value;
        }
    }
    for (const char* bad : {"", "a,b", "a:b", "a\\nb", "\\u007f"}) {
        const std::string list = std::string("[\"adm\",\"") + bad + "\"]}";
        EXPECT_EQ(told(bundled("users"), R"({"groups":)" + list), Lines{"/groups/1: " + kName});
        EXPECT_EQ(told(bundled("groups"), R"({"members":)" + list), Lines{"/members/1: " + kName});
    }
    EXPECT_EQ(told(bundled("users"), R"({"uid":4294967295})"),
              Lines{"/uid: must be at most 4294967294"});
    EXPECT_EQ(told(bundled("groups"), R"({"gid":4294967295})"),
              Lines{"/gid: must be at most 4294967294"});
    EXPECT_EQ(told(bundled("users"), R"({"gid":-1})").size(), 1U);
    EXPECT_EQ(told(bundled("users"), R"({"locked":false,"password_hash":""})"),
              Lines{"/password_hash: an empty hash is for accounts that are locked, but locked is "
                    "false"});
    EXPECT_EQ(told(bundled("users"), R"({"locked":true,"password_hash":""})"), Lines{});
    EXPECT_EQ(told(bundled("packages"), R"({"version":"a b"})"),
              Lines{"/version: latest, or a version: letters, digits and . + : ~ ^ _ -, the first "
                    "a letter or digit, at most 255"});
}

TEST(Contradictions, OfEachBundledCollectionAreNamedInWords) {
    const std::vector<Case> cases{
        {"services",
         R"({"running":true,"masked":true})",
         {"/running: a masked service cannot run: one of the two is false"}},
        {"services",
         R"({"running":false,"enabled":true,"masked":true})",
         {"/enabled: a masked service cannot be enabled: one of the two is false"}},
        {"files",
         R"({"content":"a","content_base64":"YQ=="})",
         {"/content_base64: give content or content_base64, not both"}},
        {"files", R"({"content_base64":"a"})", {"/content_base64: " + kBase64}},
        {"files", R"({"content_base64":"YR=="})", {"/content_base64: " + kBase64}},
        {"files", R"({"content_base64":"YWJj\nYWJj"})", {"/content_base64: " + kBase64}},
        {"files",
         R"({"type":"symlink","target":"a","content":"","mode":"0644"})",
         {"/content: a symlink has no content", "/mode: a symlink has no mode"}},
        {"files",
         R"({"type":"symlink","content_base64":"YQ=="})",
         {"/content_base64: a symlink has no content"}},
        {"files",
         R"({"target":"/run"})",
         {"/target: only a symlink has a target: give \"type\": \"symlink\""}},
        {"files",
         R"({"type":"file","target":"/run"})",
         {"/target: only a symlink has a target: give \"type\": \"symlink\""}},
        {"files",
         R"({"type":"symlink","target":"a\u0000b"})",
         {"/target: a target has no zero byte"}},
        {"files", R"({"type":"other"})", {"/type: a described type is \"file\" or \"symlink\""}},
        {"files", R"({"mode":"644"})", {"/mode: " + kMode}},
        {"files", R"({"mode":"u=rw"})", {"/mode: " + kMode}},
        {"files", R"({"mode":644})", {"/mode: is integer, must be string: " + kMode}},
        {"directories",
         R"({"mode":"00755"})",
         {"/mode: four octal digits in quotes, such as \"0755\""}},
        {"directories", R"({"type":"file"})", {"/type: a described type is \"directory\""}},
        {"users", R"({"shell":"bash","home":"~/x"})", {"/home: " + kPath, "/shell: " + kPath}},
        {"users", R"({"shell":"/bin/a:b"})", {"/shell: " + kPath}},
        {"users", R"({"gecos":"a:b"})", {"/gecos: no colon and no control characters"}},
        {"users", R"({"expires":"2040-13-01"})", {"/expires: " + kDay}},
        {"users", R"({"expires":"2041-02-29"})", {"/expires: " + kDay}},
        {"users", R"({"expires":"1969-12-31"})", {"/expires: " + kDay}},
        {"users",
         R"({"password_hash":"correct horse battery staple"})",
         {"/password_hash: " + kCrypt}},
        {"users",
         R"({"password_hash":"!*"})",
         {"/password_hash: " + kCrypt, "/password_hash: too short for what crypt(5) makes"}},
        {"users",
         R"({"password_hash":"$6$short"})",
         {"/password_hash: too short for what crypt(5) makes"}},
    };
    for (const Case& each : cases) {
        SCOPED_TRACE(std::string(each.collection) + " " + each.description);
        EXPECT_EQ(told(bundled(each.collection), each.description), each.errors);
    }
}

TEST(Contradictions, WhatIsPossibleIsAccepted) {
    const std::vector<std::pair<const char*, const char*>> good{
        {"services", R"({"running":false,"masked":true})"},
        {"services", R"({"running":true,"enabled":true,"masked":false})"},
        {"files", R"({"type":"symlink","target":"/run","owner":"root"})"},
        {"files", R"({"type":"symlink","owner":"root"})"},
        {"files", R"({"content_base64":"","mode":"4755"})"},
        {"files", R"({"type":"file","content":"a"})"},
        {"users", R"({"expires":"2024-02-29","shell":"/bin/sh","home":"/","gecos":""})"},
        {"users", R"({"password_hash":"","locked":true})"},
    };
    for (const auto& [collection, description] : good) {
        EXPECT_EQ(told(bundled(collection), description), Lines{}) << description;
    }
}

// A machine may be in any state; only nobody can ask for it.
TEST(Contradictions, StatesMayHaveThem) {
    EXPECT_EQ(told(bundled("services"),
                   R"({"running":true,"enabled":true,"masked":true,"active_state":"active"})",
                   Mode::state),
              Lines{});
    EXPECT_EQ(
        told(bundled("files"),
             R"({"type":"other","mode":"0644","mtime":"2026-01-01T00:00:00.000Z"})", Mode::state),
        Lines{});
    EXPECT_EQ(told(bundled("users"), R"({"gid":1,"shell":"","password_hash":"x","gecos":"a\tb"})",
                   Mode::state),
              Lines{});
}

TEST(Contradictions, IdsOfServicesNameNoUnitFile) {
    const Schema services = bundled("services");
    for (const char* id : {"nginx.service", "a@b.service", "apt-daily.timer", "ssh.socket",
                           "getty@", "", "multi-user.target"}) {
        EXPECT_FALSE(services.accepts_key(id)) << id;
    }
    EXPECT_FALSE(services.accepts_key(std::string(248, 'a')));
    for (const char* id :
         {"nginx", "getty@tty1", "dbus-org.freedesktop.timedate1", "fsck@a.mount", "service"}) {
        EXPECT_TRUE(services.accepts_key(id)) << id;
    }
    EXPECT_TRUE(services.accepts_key(std::string(247, 'a')));
}

TEST(Messages, ReplaceTheTextOfTheirOwnSchemaOnly) {
    EXPECT_EQ(told(R"({"properties":{"a":{"pattern":"^x","x-ek-message":"begins with x"},
                                     "b":{"pattern":"^x"}}})",
                   R"({"a":"y","b":"y"})"),
              (Lines{"/a: begins with x", "/b: does not match ^x"}));
    EXPECT_EQ(told(R"({"x-ek-message":"outer","properties":{"a":{"enum":[1]}}})", R"({"a":2})"),
              Lines{"/a: must be 1"});
    EXPECT_EQ(told(R"({"if":{"required":["a"]},
                       "then":{"required":["b"],"x-ek-message":"a comes with b"}})",
                   R"({"a":2})"),
              Lines{"/b: a comes with b"});
    EXPECT_EQ(told(R"({"not":{"required":["a","b"]},"x-ek-message":"one of a and b"})",
                   R"({"a":1,"b":2})"),
              Lines{": one of a and b"});
}

TEST(Conditions, ChooseABranchWithRulesOfItsOwn) {
    const char* schema = R"({"if":{"properties":{"kind":{"const":"path"}},"required":["kind"]},
        "then":{"properties":{"value":{"pattern":"^/","maxLength":3}}},
        "else":{"properties":{"value":{"contentEncoding":"base64"}}}})";
    EXPECT_EQ(told(schema, R"({"kind":"path","value":"/a"})"), Lines{});
    EXPECT_EQ(told(schema, R"({"kind":"path","value":"a"})"), Lines{"/value: does not match ^/"});
    EXPECT_EQ(told(schema, R"({"kind":"path","value":"/abc"})").size(), 1U);
    EXPECT_EQ(told(schema, R"({"value":"YQ=="})"), Lines{});
    EXPECT_EQ(told(schema, R"({"value":"/a"})"),
              Lines{"/value: is not Base64 (RFC 4648 section 4, padded)"});
    EXPECT_EQ(told(R"({"then":{"enum":[1]}})", "2"), Lines{});
}

}  // namespace
}  // namespace evenkeel::schema
