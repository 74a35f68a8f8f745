#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <sys/stat.h>
#include <unistd.h>

#include "core/agent/config/config.hpp"
#include "core/agent/load_plugins.hpp"
#include "core/base/file.hpp"
#include "tests/component/agent/bench.hpp"

namespace evenkeel::agent::test {
namespace {

using wire::Verdict;

// The real plugin on real files, watched by the kernel.
class Files : public AgentBench {
  protected:
    Files() {
        add_plugins = [this](Agent& to) {
            Config config;
            config.state_dir = options.state_dir;
            config.plugin_dirs = {std::getenv("EK_PLUGINS")};
            place_plugins(config);
            load_plugins(to, config, true);
        };
    }
    void SetUp() override {
        if (std::getenv("EK_PLUGINS") == nullptr) GTEST_SKIP() << "EK_PLUGINS is not set";
        start();
        ASSERT_TRUE(agent->registry().usable("files")) << json::write(agent->registry().describe());
    }
    std::string path() const { return folder / "motd"; }

    json::Value describe(json::Value description, const std::string& policy = "report") {
        const json::Value resource = json::Object{{"collection", "files"},
                                                  {"id", path()},
                                                  {"description", std::move(description)},
                                                  {"policy", policy}};
        const auto reply = ask("apply", json::Object{{"resources", json::Array{resource}}});
        EXPECT_EQ(reply.result["state"], json::Value("succeeded")) << json::write(reply.result);
        return reply.result;
    }
    void write(const std::string& text) { std::ofstream(path()) << text; }
    std::string content() const { return read_file(path()).value_or("(nothing)"); }
    const CatalogEntry* entry() { return agent->catalog().find({"files", path()}); }
    std::vector<std::string> drifted_paths() {
        std::vector<std::string> paths;
        for (const auto& field : entry()->status.compliance.fields) paths.push_back(field.path);
        return paths;
    }
};

TEST_F(Files, DriftIsSeenByEventWithExactFields) {
    describe(json::Object{{"content", "hello\n"}, {"mode", "0644"}});
    write("tampered\n");
    ASSERT_TRUE(until([&] { return count("resource.drifted") == 1; }));
    EXPECT_EQ(drifted_paths(), std::vector<std::string>{"/content"});
    EXPECT_EQ(entry()->status.compliance.seen_by, "event");
    chmod(path().c_str(), 0600);
    ASSERT_TRUE(until([&] { return drifted_paths().size() == 2; }));
    EXPECT_EQ(content(), "tampered\n");
    unlink(path().c_str());
    ASSERT_TRUE(until([&] { return drifted_paths() == std::vector<std::string>{"/ensure"}; }));
}

TEST_F(Files, APlanForeseesAnOwnerThatTheSameFileMakesEarlier) {
    const auto entry = [](const std::string& collection, const std::string& id,
                          json::Value description) {
        return json::Object{
            {"collection", collection}, {"id", id}, {"description", std::move(description)}};
    };
    const auto user = entry("users", "ek-made-earlier", json::Object{{"shell", "/bin/sh"}});
    const auto file =
        entry("files", path(), json::Object{{"content", "x"}, {"owner", "ek-made-earlier"}});
    const auto outcomes = [&](json::Array entries) {
        const auto reply = ask("plan", json::Object{{"resources", std::move(entries)}});
        std::vector<std::string> all;
        for (const json::Value& each : reply.result["resources"].as_array())
            all.push_back(each.string_or("collection") + " " + each.string_or("outcome"));
        return all;
    };
    using Outcomes = std::vector<std::string>;
    EXPECT_EQ(outcomes({user, file}), (Outcomes{"users planned", "files planned"}));
    EXPECT_EQ(outcomes({file, user}), (Outcomes{"files failed", "users planned"}))
        << "the apply goes in this order, too";
    EXPECT_EQ(outcomes({file}), Outcomes{"files failed"});
}

TEST_F(Files, ATouchOrTheSameContentAgainIsNoDrift) {
    describe(json::Object{{"content", "hello\n"}, {"mode", "0644"}});
    write("hello\n");
    std::filesystem::last_write_time(path(), std::filesystem::file_time_type::clock::now());
    std::ofstream(folder / "beside") << "hello\n";
    chmod((folder / "beside").c_str(), 0644);
    std::filesystem::rename(folder / "beside", path());
    ASSERT_TRUE(until([&] { return count("resource.observed") >= 1; }));
    settle();
    EXPECT_EQ(count("resource.drifted"), 0U);
}

TEST_F(Files, EnforceRepairsEachTamperingExactlyOnce) {
    describe(json::Object{{"content", "hello\n"}, {"mode", "0644"}}, "enforce");
    const auto repaired = [&](std::size_t times) {
        return until([&, times] { return count("resource.repaired") == times; });
    };
    write("tampered\n");
    ASSERT_TRUE(repaired(1));
    EXPECT_EQ(content(), "hello\n");
    chmod(path().c_str(), 0777);
    ASSERT_TRUE(repaired(2));
    unlink(path().c_str());
    ASSERT_TRUE(repaired(3));
    EXPECT_EQ(content(), "hello\n");
    settle();
    EXPECT_EQ(count("resource.repaired"), 3U);
    EXPECT_EQ(count("resource.drifted"), 3U);
    EXPECT_EQ(entry()->status.compliance.status, Verdict::compliant);
}

TEST_F(Files, AuditNeverWrites) {
    write("theirs\n");
    describe(json::Object{{"content", "ours\n"}}, "audit");
    EXPECT_EQ(entry()->status.compliance.status, Verdict::drifted);
    unlink(path().c_str());
    ASSERT_TRUE(until([&] { return count("resource.drifted") == 2; }));
    settle();
    EXPECT_EQ(content(), "(nothing)");
}

TEST_F(Files, ASensitiveContentIsNowhereToBeSeen) {
    const std::string secret = "s3cret-content-of-a-file";
    describe(json::Object{{"content", secret}, {"mode", "0600"}, {"sensitive", true}}, "enforce");
    EXPECT_EQ(content(), secret);
    write("tampered-secret");
    ASSERT_TRUE(until([&] { return count("resource.repaired") == 1; }));
    EXPECT_EQ(content(), secret);
    for (const Told& each : events) {
        const std::string text = json::write(each.draft.data);
        EXPECT_EQ(text.find(secret), std::string::npos) << to_string(each.draft.kind);
        EXPECT_EQ(text.find("tampered-secret"), std::string::npos) << to_string(each.draft.kind);
        EXPECT_EQ(text.find("\"sha256\""), std::string::npos) << text;
    }
    settle();
    end();
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "state")) {
        if (!entry.is_regular_file()) continue;
        std::ifstream in(entry.path(), std::ios::binary);
        const std::string all{std::istreambuf_iterator<char>(in), {}};
        EXPECT_EQ(all.find(secret), std::string::npos) << entry.path();
    }
}

}  // namespace
}  // namespace evenkeel::agent::test
