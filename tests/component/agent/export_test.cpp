#include "core/agent/requests/export.hpp"

#include <cstdlib>

#include <unistd.h>

#include "core/agent/config/config.hpp"
#include "core/agent/load_plugins.hpp"
#include "core/base/file.hpp"
#include "tests/component/agent/bench.hpp"

namespace evenkeel::agent::test {
namespace {

// Over the bundled files and directories, as root, and the notes of the bench.
class Exported : public AgentBench {
  protected:
    void SetUp() override {
        const char* from = std::getenv("EK_PLUGINS");
        if (from == nullptr) GTEST_SKIP() << "EK_PLUGINS is not set";
        add_plugins = [this, from](Agent& to) {
            to.add(evenkeel::test::make_fake_collection(machine));
            Config config;
            config.state_dir = options.state_dir;
            config.plugin_dirs = {from};
            config.plugins = {"files", "directories"};
            place_plugins(config);
            load_plugins(to, config, true);
        };
        start();
    }
    static json::Value what(const std::vector<std::pair<std::string, std::string>>& entries) {
        json::Array list;
        for (const auto& [collection, id] : entries) {
            json::Object entry{{"collection", collection}};
            if (!id.empty()) entry.set("id", id);
            list.push_back(std::move(entry));
        }
        return json::Object{{"what", std::move(list)}};
    }
    std::string planned_changes(const json::Value& resources) {
        const auto reply = ask("plan", json::Object{{"resources", resources}});
        std::string all = reply.error ? reply.error->what : "";
        for (const json::Value& each : reply.result["resources"].as_array()) {
            all += each["error"].is_object() ? json::write(each["error"]) : "";
            all += each["changes"].as_array().empty() ? "" : json::write(each["changes"]);
        }
        return all;
    }
};

TEST_F(Exported, IsWhatAPlanFindsNothingToChangeFor) {
    machine->set("one", {{"text", "hi"}, {"secret", "swordfish"}});
    const std::string text = folder / "text";
    const std::string bytes = folder / "bytes";
    const std::string link = folder / "link";
    ASSERT_TRUE(write_file(text, "hello\n", 0640));
    ASSERT_TRUE(write_file(bytes, std::string("\xff\0\x01", 3), 0600));
    ASSERT_EQ(symlink("text", link.c_str()), 0);
    const auto reply = ask("export", what({{"files", text},
                                           {"files", bytes},
                                           {"files", link},
                                           {"directories", folder.path()},
                                           {"notes", ""}}));
    ASSERT_FALSE(reply.error) << reply.error->what;
    EXPECT_TRUE(reply.result.bool_or("complete")) << json::write(reply.result);
    const json::Array& resources = reply.result["resources"].as_array();
    ASSERT_EQ(resources.size(), 5u);
    EXPECT_EQ(resources[0].string_or("collection"), "directories") << "before the files in it";
    EXPECT_EQ(json::write(reply.result).find("redacted"), std::string::npos);
    EXPECT_EQ(resources[4]["description"].string_or("secret"), "swordfish");
    EXPECT_EQ(planned_changes(reply.result["resources"]), "");
    // What can change in a file is in its description.
    ASSERT_TRUE(write_file(text, "hello!\n", 0640));
    EXPECT_NE(planned_changes(reply.result["resources"]), "");
}

TEST_F(Exported, SaysWhatIsMissingAndWhatCannotBeListed) {
    const std::string text = folder / "text";
    ASSERT_TRUE(write_file(text, "tiger\n", 0600));
    const json::Value file =
        json::Object{{"collection", "files"},
                     {"id", text},
                     {"description", json::Object{{"content", "tiger\n"}, {"sensitive", true}}}};
    ask("apply", json::Object{{"resources", json::Array{file}}});
    const auto all = ask("export", what({}));
    EXPECT_TRUE(all.result.bool_or("complete")) << json::write(all.result);
    ASSERT_EQ(all.result["resources"].as_array().size(), 1u);
    const json::Value& description = all.result["resources"].as_array()[0]["description"];
    EXPECT_EQ(description.string_or("content"), "tiger\n");
    EXPECT_TRUE(description.bool_or("sensitive")) << "the secret stays one where it is applied";
    EXPECT_NE(json::write(all.result["notes"]).find("files cannot be listed whole"),
              std::string::npos);

    const auto missing = ask("export", what({{"files", text}, {"files", folder / "nothing"}}));
    EXPECT_FALSE(missing.result.bool_or("complete"));
    EXPECT_EQ(missing.result["resources"].as_array().size(), 1u);
    EXPECT_EQ(ask("export", what({{"elsewhere", ""}})).error->code, Errc::not_found);
}

TEST_F(Exported, IsForLocalAdministratorsOnly) {
    wire::Request request;
    request.verb = wire::RequestVerb::export_file;
    request.arguments = what({});
    std::optional<wire::Reply> reply;
    agent->requests().answer(request, [&reply](wire::Reply got) { reply = std::move(got); });
    ASSERT_TRUE(until([&reply] { return reply.has_value(); }));
    EXPECT_EQ(reply->error->code, Errc::unsupported);
}

}  // namespace
}  // namespace evenkeel::agent::test
