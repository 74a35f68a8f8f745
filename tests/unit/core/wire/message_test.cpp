#include "core/wire/message.hpp"

#include <gtest/gtest.h>

#include "core/base/text.hpp"
#include "core/wire/capabilities.hpp"
#include "core/wire/inventory_digest.hpp"

namespace evenkeel::wire {
namespace {

template <typename T>
T sent_to_agent(const T& message) {
    const auto decoded = decode_to_agent(encode(message));
    EXPECT_TRUE(decoded) << decoded.error().what;
    return std::get<T>(*decoded);
}

template <typename T>
T sent_to_orchestrator(const T& message) {
    const auto decoded = decode_to_orchestrator(encode(message));
    EXPECT_TRUE(decoded) << decoded.error().what;
    return std::get<T>(*decoded);
}

ResourceRequest motd() {
    ResourceRequest wanted;
    wanted.ref = {"files", "/etc/motd"};
    wanted.description = json::Object{{"content", "hi\n"}, {"mode", "0644"}};
    wanted.policy = Policy::enforce;
    wanted.generation = {"stream_a", 7};
    return wanted;
}

TEST(Message, CommandSurvivesTheWire) {
    Command command{"cmd_1", "stream_a", 3, Verb::apply, std::chrono::seconds(9), {motd()}};
    const Command back = sent_to_agent(command);
    EXPECT_EQ(back.id, "cmd_1");
    EXPECT_EQ(back.seq, 3u);
    EXPECT_EQ(back.timeout, std::chrono::seconds(9));
    ASSERT_EQ(back.resources.size(), 1u);
    EXPECT_EQ(back.resources[0].ref, command.resources[0].ref);
    EXPECT_EQ(back.resources[0].description, command.resources[0].description);
    EXPECT_EQ(back.resources[0].policy, Policy::enforce);
    EXPECT_EQ(back.resources[0].generation, command.resources[0].generation);
}

TEST(Message, HelloSurvivesTheWireBothWays) {
    AgentHello up;
    up.stream = "stream_b";
    up.boot_id = "boot";
    up.name = "web1";
    up.facts = json::Object{{"os", "debian"}};
    up.collections = {{"files", "files 0.1.0", "ab", 2}};
    up.commands = {"stream_a", 41};
    const AgentHello up_back = sent_to_orchestrator(up);
    EXPECT_EQ(up_back.collections[0].schema_version, 2u);
    EXPECT_EQ(up_back.commands.seq, 41u);
    EXPECT_EQ(up_back.facts, up.facts);

    OrchestratorHello down;
    down.stream = "stream_a";
    down.predecessor_stream = "stream_0";
    down.predecessor_revision = 12;
    down.host = "host_1";
    down.heartbeat = std::chrono::milliseconds(500);
    down.events = {"stream_b", 9};
    EXPECT_EQ(encode(down).find("backoff"), std::string::npos) << "as orchestrators of 0.1 say it";
    EXPECT_EQ(sent_to_agent(down).backoff_base, std::chrono::milliseconds(0));
    down.backoff_base = std::chrono::seconds(40);
    const OrchestratorHello down_back = sent_to_agent(down);
    EXPECT_EQ(down_back.backoff_base, std::chrono::seconds(40));
    EXPECT_EQ(down_back.predecessor_revision, 12u);
    EXPECT_EQ(down_back.heartbeat, std::chrono::milliseconds(500));
    EXPECT_EQ(down_back.events.stream, "stream_b");
}

TEST(Message, NamesAndIdsOfAHelloAreBounded) {
    AgentHello up;
    up.stream = std::string(256, 's');
    up.capabilities.assign(300, std::string(10, 'c'));
    up.capabilities.push_back(std::string(257, 'c'));
    up.name = std::string(300'000, 'n');
    up.facts = json::Object{};
    const AgentHello back = sent_to_orchestrator(up);
    EXPECT_EQ(back.stream, up.stream);
    EXPECT_EQ(back.capabilities.size(), 256u);
    EXPECT_EQ(back.name, "");
    up.stream += "s";
    const auto refused = decode_to_orchestrator(encode(up));
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().what.find("/stream: is longer than 256 bytes"), std::string::npos)
        << refused.error().what;
}

TEST(Message, AnEventIsTheSameFromItsValueAndFromItsText) {
    Event event{"stream_a", 7, EventKind::resource_drifted, "2026-11-23T05:36:53.120Z",
                json::Object{{"id", "\"quoted\""}, {"state", json::Object{{"size", 3}}}}};
    const std::string text = json::write(event.data);
    EXPECT_EQ(encode(Event{"stream_a", 7, EventKind::resource_drifted, event.time, nullptr}, text),
              encode(event));
}

TEST(Message, OutcomeEntryKeepsChangesErrorAndCompliance) {
    ResourceResult done;
    done.ref = {"files", "/etc/motd"};
    done.generation = {"stream_a", 7};
    done.outcome = Outcome::failed;
    done.changes = {{"/mode", "0600", "0644", Action::set, Outcome::done}};
    done.error = Error{Errc::busy, "locked"};
    done.state = json::Object{{"size", 3}};
    done.compliance = Compliance{Verdict::drifted, "", {{"/mode", "0644", "0600"}}, "t", "apply"};
    const auto back = decode_resource_result(encode(done));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->changes[0].path, "/mode");
    EXPECT_EQ(back->changes[0].outcome, Outcome::done);
    EXPECT_EQ(back->error->code, Errc::busy);
    EXPECT_EQ(back->compliance->fields, done.compliance->fields);
    EXPECT_EQ(back->state, done.state);
}

TEST(Message, ARemovalSaysWhetherItIsOnlyPlanned) {
    ResourceRequest request;
    request.ref = {"files", "/a"};
    EXPECT_EQ(encode(request).find("policy"), nullptr);
    EXPECT_EQ(decode_resource_request(encode(request))->policy, Policy::report);
    request.policy = Policy::audit;
    EXPECT_EQ(decode_resource_request(encode(request))->policy, Policy::audit);
}

TEST(Message, NotesMayBeMissingAndAreBounded) {
    ResourceResult result;
    result.ref = {"files", "/a"};
    EXPECT_EQ(encode(result).find("notes"), nullptr);
    EXPECT_TRUE(decode_resource_result(encode(result))->notes.empty());
    result.notes = {"a warning", "another"};
    EXPECT_EQ(decode_resource_result(encode(result))->notes, result.notes);
    json::Value strange = encode(result);
    for (const json::Value& notes :
         {json::Value("one"), json::Value(json::Array{1, nullptr}), json::Value()}) {
        strange.as_object().set("notes", notes);
        ASSERT_TRUE(decode_resource_result(strange));
        EXPECT_TRUE(decode_resource_result(strange)->notes.empty());
    }
    std::string umlauts;
    while (umlauts.size() < 2 * kNoteBytesMost) umlauts += "\u00fc";
    result.notes.assign(kNotesMost + 5, umlauts);
    const auto bounded = decode_resource_result(encode(result))->notes;
    EXPECT_EQ(bounded.size(), kNotesMost);
    EXPECT_LE(bounded.front().size(), kNoteBytesMost);
    EXPECT_TRUE(is_utf8(bounded.front()));
    EXPECT_TRUE(bounded.front().ends_with("..."));
}

TEST(Message, OutputMayBeMissingAndIsBounded) {
    ResourceResult result;
    result.ref = {"programs", "backup"};
    EXPECT_EQ(encode(result).find("output"), nullptr);
    EXPECT_FALSE(decode_resource_result(encode(result))->output);
    result.output = Output{"two\nlines\n", 100'000, true};
    const auto back = decode_resource_result(encode(result))->output;
    ASSERT_TRUE(back);
    EXPECT_EQ(back->text, "two\nlines\n");
    EXPECT_EQ(back->bytes, 100'000U);
    EXPECT_TRUE(back->cut);
    json::Value strange = encode(result);
    strange.as_object().set("output", json::Object{{"bytes", -1}});
    EXPECT_EQ(decode_resource_result(strange)->output->bytes, 0U);
    strange.as_object().set("output", "text");
    EXPECT_FALSE(decode_resource_result(strange)->output);
    result.output->text = std::string(2 * kOutputBytesMost, 'x');
    const auto bounded = decode_resource_result(encode(result))->output;
    EXPECT_EQ(bounded->text.size(), kOutputBytesMost);
    EXPECT_TRUE(bounded->cut);
}

TEST(Capabilities, SayWhatCanBeDescribedAndRemoved) {
    const Capabilities fixed = {"read", "apply"}, read_only = {"read"}, unknown;
    const auto wrong = [](const Capabilities& capabilities, bool absent, Policy policy) {
        const auto found = impossible_description(capabilities, "facts", absent, policy);
        return found ? found->pointer : "";
    };
    for (const Policy policy : {Policy::report, Policy::enforce, Policy::audit, Policy::off}) {
        EXPECT_EQ(wrong(unknown, true, policy), "");
        EXPECT_EQ(wrong(fixed, true, policy), "/description/ensure");
        EXPECT_EQ(wrong(fixed, false, policy), "");
        EXPECT_EQ(wrong(read_only, false, policy), policy == Policy::audit ? "" : "/policy");
        EXPECT_EQ(impossible_removal(fixed, "facts", policy).has_value(), policy != Policy::audit);
        EXPECT_FALSE(impossible_removal(unknown, "facts", policy));
    }
}

TEST(Message, AChangeSaysWhatItNeedsOnlyWhereItDoes) {
    Change change{"/kernel", "1", "2", Action::set, Outcome::done};
    EXPECT_EQ(encode(change).find("needs"), nullptr);
    EXPECT_EQ(decode_change(encode(change))->needs, Needs::nothing);
    change.needs = Needs::reboot;
    EXPECT_EQ(encode(change).string_or("needs"), "reboot");
    EXPECT_EQ(decode_change(encode(change))->needs, Needs::reboot);
    json::Value later = encode(change);
    later.as_object().set("needs", "a word of a later version");
    EXPECT_EQ(decode_change(later)->needs, Needs::nothing);
    EXPECT_TRUE(needs_reboot({change}));
    change.outcome = Outcome::planned;
    EXPECT_FALSE(needs_reboot({change}));
}

TEST(Message, UnknownMembersAreIgnored) {
    const auto decoded = decode_to_agent(R"({"type":"cancel","command":"cmd_1","later":{"a":1}})");
    ASSERT_TRUE(decoded);
    EXPECT_EQ(std::get<Cancel>(*decoded).command, "cmd_1");
}

TEST(Message, UnknownTypeIsUnsupportedAndNotInvalid) {
    EXPECT_EQ(decode_to_agent(R"({"type":"sing"})").error().code, Errc::unsupported);
    EXPECT_EQ(decode_to_orchestrator(R"({"type":"sing"})").error().code, Errc::unsupported);
}

TEST(Message, WrongMembersAreNamed) {
    const auto named = [](std::string_view body, std::string_view member) {
        const auto decoded = decode_to_agent(body);
        ASSERT_FALSE(decoded) << body;
        EXPECT_EQ(decoded.error().code, Errc::invalid);
        EXPECT_NE(decoded.error().what.find(member), std::string::npos) << decoded.error().what;
    };
    named(R"({"type":"command"})", "/id: ");
    named(R"({"type":"command","id":"c","stream":"s","seq":-1,"verb":"apply"})", "/seq: ");
    named(R"({"type":"command","id":"c","stream":"s","seq":1,"verb":"apply","timeout_ms":0})",
          "/timeout_ms: ");
    named(R"({"type":"command","id":"c","stream":"s","seq":1,"verb":"a","timeout_ms":1,)"
          R"("resources":{}})",
          "/resources: ");
    named(R"({"type":"command","id":"c","stream":"s","seq":1,"verb":"a","timeout_ms":1,)"
          R"("resources":[{"collection":"files","id":"/a","generation":null},)"
          R"({"collection":"files","id":"/b","policy":"often"}]})",
          "/resources/1/policy: the policy 'often' is none of report");
    named(R"({"type":"command","id":"c","stream":"s","seq":1,"verb":"a","timeout_ms":1,)"
          R"("resources":[{"collection":"files","id":"/a","notifies":[{"collection":"b"}]}]})",
          "/resources/0/notifies/0/id: ");
    named(R"({"type":"cancel","command":5})", "/command: ");
}

TEST(Message, OversizedBodyIsRefused) {
    const std::string body =
        R"({"type":"heartbeat","x":")" + std::string(kMessageBytesMost, 'x') + "\"}";
    EXPECT_EQ(decode_to_agent(body).error().code, Errc::limit);
}

TEST(Digest, IgnoresTheOrderInWhichDescriptionsAreHeld) {
    const InventoryItem a{{"files", "/a"}, {"s", 1}};
    const InventoryItem b{{"directories", "/b"}, {"s", 2}};
    EXPECT_EQ(digest_of("s", {a, b}).sha256, digest_of("s", {b, a}).sha256);
    EXPECT_EQ(digest_of("s", {a, b}).count, 2u);
}

TEST(Digest, ChangesWithAnyGeneration) {
    const InventoryItem a{{"files", "/a"}, {"s", 1}};
    const InventoryItem newer{{"files", "/a"}, {"s", 2}};
    const InventoryItem other{{"files", "/a"}, {"r", 1}};
    EXPECT_NE(digest_of("s", {a}).sha256, digest_of("s", {newer}).sha256);
    EXPECT_NE(digest_of("s", {a}).sha256, digest_of("s", {other}).sha256);
}

TEST(Digest, IsTheOneThatTheProtocolPageDefines) {
    // printf '["files","/a","s",1]\n' | sha256sum
    EXPECT_EQ(digest_of("s", {{{"files", "/a"}, {"s", 1}}}).sha256,
              "eb2a1c970004eb348118ce34eacaa36000648c04a28c519ca80f9acd5cee59dd");
}

TEST(InventoryDigest, FollowsOneDescriptionWithoutTheOthers) {
    const InventoryItem a{{"files", "/a"}, {"s", 1}};
    const InventoryItem newer{{"files", "/a"}, {"s", 2}};
    const InventoryItem b{{"directories", "/b"}, {"s", 3}};
    InventoryDigest digest;
    for (const auto& one : {a, b}) digest.add(one.ref, one.generation);
    EXPECT_EQ(digest.hex(), digest_of("s", {b, a}).xor_sha256);
    digest.remove(a.ref, a.generation);
    digest.add(newer.ref, newer.generation);
    EXPECT_EQ(digest.hex(), digest_of("s", {newer, b}).xor_sha256);
    EXPECT_EQ(digest.count(), 2U);
    EXPECT_EQ(*InventoryDigest::from_bytes(digest.bytes()), digest);
    digest.remove(newer.ref, newer.generation);
    digest.remove(b.ref, b.generation);
    EXPECT_EQ(digest, InventoryDigest());
    EXPECT_FALSE(InventoryDigest::from_bytes("short"));
}

TEST(InventoryDigest, OfOneDescriptionIsTheHashOfItsLine) {
    const auto digest = digest_of("s", {{{"files", "/a"}, {"s", 1}}});
    EXPECT_EQ(digest.xor_sha256, digest.sha256);
    EXPECT_EQ(digest_of("s", {}).xor_sha256, std::string(64, '0'));
}

TEST(InventoryDigest, MayBeMissingInAMessage) {
    const auto of = [](const std::string& body) {
        return std::get<Digest>(*decode_to_orchestrator(body));
    };
    const Digest sent = digest_of("s", {{{"files", "/a"}, {"s", 1}}});
    EXPECT_EQ(of(encode(sent)).xor_sha256, sent.xor_sha256);
    EXPECT_EQ(of(R"({"type":"digest","stream":"s","count":0,"sha256":""})").xor_sha256, "");
}

TEST(Protocol, HighestCommonVersionOrARefusalWithBothRanges) {
    EXPECT_EQ(*choose_protocol(0, 9), 1);
    const auto refused = choose_protocol(4, 6);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().what.find("1 to 1"), std::string::npos);
    EXPECT_NE(refused.error().what.find("4 to 6"), std::string::npos);
}

}  // namespace
}  // namespace evenkeel::wire
