#include "orchestrator/compile/settings.hpp"

#include <map>

#include <gtest/gtest.h>

#include "core/base/text.hpp"
#include "tests/support/page.hpp"

namespace evenkeel::compile {
namespace {

// Settings as docs/settings.md shows them: a value, or an object that names a link.
class Kept {
  public:
    explicit Kept(const json::Value& scopes) {
        for (const auto& [scope, settings] : scopes.as_object()) {
            for (const auto& [key, value] : settings.as_object()) {
                kept_[scope + " " + key] = setting_of(value);
            }
        }
    }

    Kept() = default;

    void set(const std::string& place, json::Value value) {
        kept_[place] = {.value = std::move(value)};
    }
    void erase(const std::string& place) { kept_.erase(place); }

    FindSetting finder() const {
        return [this](const Place& place) {
            const auto found = kept_.find(text_of(place));
            return found == kept_.end() ? nullptr : &found->second;
        };
    }

  private:
    static Setting setting_of(const json::Value& value) {
        Setting setting;
        const std::string link = value.string_or("link");
        const bool is_whole = !link.empty() || value.find("secret");
        if (!link.empty()) {
            const std::size_t space = link.find(' ');
            setting.link = Link{*read_scope(link.substr(0, space)), link.substr(space + 1)};
        }
        setting.value = is_whole ? value["value"] : value;
        setting.is_secret = value.bool_or("secret");
        return setting;
    }

    std::map<std::string, Setting> kept_;
};

const Host kHost{.id = "web1", .name = "web1", .environment = "prod/eu"};
const Assignment kAssignment{.name = "web", .application = "nginx", .environment = "prod"};
const Subject kSubject{&kHost, &kAssignment};

std::string told(const std::vector<Override>& overrides) {
    std::string text;
    for (const Override& each : overrides) {
        text.append(text.empty() ? "" : ", ").append(text_of(each.place));
    }
    return text;
}

const std::string kPage = test::read_page("settings.md");

TEST(SettingsTest, TheNearestCounts) {
    const Kept kept(test::json_block(kPage, 0));
    const auto rows = test::table_rows(kPage, 0);
    ASSERT_EQ(rows.size(), 8U);
    for (const auto& row : rows) {
        const bool merges = row[0].ends_with(" merged");
        const std::string key = test::code(row[0]);
        const auto found =
            find_effective(kept.finder(), kSubject, key, ParameterRule{.merges = merges});
        ASSERT_TRUE(found) << key << ": " << found.error().what;
        ASSERT_EQ(found->has_value(), !row[1].empty()) << key;
        if (!*found) continue;
        EXPECT_EQ(json::write((*found)->value), test::code(row[1])) << key;
        EXPECT_EQ(text_of(*(*found)->from), row[2]) << key;
        EXPECT_EQ(told((*found)->overrides), row[3]) << key;
    }
}

// What a row of the page says an assignment is for.
Assignment assignment_for(const std::string& cell) {
    Assignment assignment{.name = "web", .application = "nginx"};
    if (cell == "all hosts") return assignment;
    (cell.starts_with("host") ? assignment.host : assignment.environment) = test::code(cell);
    return assignment;
}

// The value is the name of the place from which it is.
class Levels {
  public:
    explicit Levels(Assignment assignment) : assignment_(std::move(assignment)) {}

    void set(const std::string& place) {
        place == "default" ? static_cast<void>(default_ = place) : kept_.set(place, place);
    }
    void erase(const std::string& place) { kept_.erase(place); }
    std::string counts() const {
        const auto found = find_effective(kept_.finder(), {&kHost, &assignment_}, "port",
                                          {.default_value = &default_});
        return found && *found ? json::write((*found)->value) : "nothing";
    }

  private:
    Assignment assignment_;
    Kept kept_;
    json::Value default_ = "no default yet";
};

TEST(SettingsTest, EachLevelOutweighsTheOneBeforeAndGivesItFreeAgain) {
    const std::string part = test::section(kPage, "Level by level");
    const auto rows = test::table_rows(part, 0);
    ASSERT_EQ(rows.size(), 4U);
    for (const auto& row : rows) {
        Levels levels(assignment_for(row[0]));
        for (const char* other : {"environment:stage port", "host:web2 port",
                                  "assignment:other port", "global apache:port"}) {
            EXPECT_NE(part.find("`" + std::string(other) + "`"), std::string::npos);
            levels.set(other);
        }
        std::vector<std::string> places;
        for (const std::string& place : split(row[1], ',')) {
            places.push_back(test::without_spaces_around(place));
            levels.set(places.back());
            EXPECT_EQ(levels.counts(), '"' + places.back() + '"') << row[0];
        }
        EXPECT_EQ(places.size(), 10U) << row[0];
        for (std::size_t last = places.size() - 1; last > 0; --last) {
            levels.erase(places[last]);
            EXPECT_EQ(levels.counts(), '"' + places[last - 1] + '"') << row[0];
        }
    }
}

TEST(SettingsTest, LinksReadExactlyWhereTheyLead) {
    const Kept kept(test::json_block(kPage, 1));
    const auto rows = test::table_rows(test::section(kPage, "Links"), 0);
    ASSERT_EQ(rows.size(), 13U);
    for (const auto& row : rows) {
        const std::string key = test::code(row[0]);
        const auto found = find_effective(kept.finder(), kSubject, key, {});
        if (row[1].empty()) {
            ASSERT_FALSE(found) << key;
            EXPECT_EQ(found.error().what, row[2]) << key;
            continue;
        }
        ASSERT_TRUE(found) << key << ": " << found.error().what;
        EXPECT_EQ(json::write((*found)->value), test::code(row[1])) << key;
        EXPECT_EQ((*found)->is_secret, row[2] == "secret") << key;
    }
}

TEST(SettingsTest, ADefaultIsTheFarthest) {
    const Kept kept(json::Object{{"global", json::Object{{"set", json::Object{{"a", 1}}}}}});
    const json::Value standard = json::Object{{"a", 0}, {"b", 2}, {"c", nullptr}};
    const auto value = [&](const char* key, bool merges) {
        const auto found = find_effective(kept.finder(), kSubject, key,
                                          {.default_value = &standard, .merges = merges});
        return json::write((*found)->value) + ((*found)->from ? "" : " default");
    };
    EXPECT_EQ(value("unset", false), R"({"a":0,"b":2,"c":null} default)");
    EXPECT_EQ(value("unset", true), R"({"a":0,"b":2} default)");
    EXPECT_EQ(value("set", false), R"({"a":1})");
    EXPECT_EQ(value("set", true), R"({"a":1,"b":2})");
}

TEST(SettingsTest, SecrecyGoesWithTheValueNotWithWhatItReplaced) {
    const json::Value open = json::Object{{"value", json::Object{{"a", 1}}}, {"secret", false}};
    const json::Value hidden = json::Object{{"value", json::Object{{"b", 2}}}, {"secret", true}};
    const Kept kept(json::Object{{"global", json::Object{{"k", hidden}}},
                                 {"host:web1", json::Object{{"k", open}}}});
    EXPECT_FALSE((*find_effective(kept.finder(), kSubject, "k", {}))->is_secret);
    EXPECT_TRUE((*find_effective(kept.finder(), kSubject, "k", {.merges = true}))->is_secret);
}

// By its text: "environment:prod port".
Place place_of(const std::string& text) {
    const std::size_t space = text.find(' ');
    return {*read_scope(text.substr(0, space)), text.substr(space + 1)};
}

TEST(SettingsTest, AValueDependsOnWhatIsNearestAndOnWhatWouldBe) {
    const Kept kept(test::json_block(kPage, 0));
    const auto depends = [&](const char* key, const char* place, bool merges = false) {
        return depends_on(kept.finder(), kSubject, key, {.merges = merges}, place_of(place));
    };
    EXPECT_TRUE(depends("port", "environment:prod/eu nginx:port"));
    EXPECT_FALSE(depends("port", "environment:prod port"));
    // Where there is none now, it would count if it were the nearest.
    EXPECT_TRUE(depends("port", "host:web1 port"));
    EXPECT_TRUE(depends("nothing", "global nothing"));
    EXPECT_FALSE(depends("zone", "environment:prod zone"));
    EXPECT_TRUE(depends("zone", "environment:prod/eu zone"));
    // Of others.
    EXPECT_FALSE(depends("port", "environment:stage port"));
    EXPECT_FALSE(depends("port", "host:web2 port"));
    EXPECT_FALSE(depends("note", "assignment:other note"));
    EXPECT_FALSE(depends("note", "environment:prod/eu apache:note"));
    // Merged values are made of all.
    EXPECT_FALSE(depends("limits", "global limits"));
    EXPECT_TRUE(depends("limits", "global limits", true));
    EXPECT_TRUE(depends("limits", "environment:prod limits", true));
    EXPECT_FALSE(depends("port", "environment:prod port", true));
}

TEST(SettingsTest, AValueDependsOnWhereItsLinksLead) {
    const Kept kept(test::json_block(kPage, 1));
    const auto depends = [&](const char* key, const char* place) {
        return depends_on(kept.finder(), kSubject, key, {}, place_of(place));
    };
    EXPECT_TRUE(depends("c", "global c"));
    EXPECT_TRUE(depends("c", "global b"));
    EXPECT_TRUE(depends("c", "global a"));
    EXPECT_FALSE(depends("c", "environment:prod a"));
    EXPECT_TRUE(depends("open", "environment:prod a"));
    EXPECT_TRUE(depends("lost", "global nowhere"));
    EXPECT_TRUE(depends("r1", "global r3"));
    EXPECT_FALSE(depends("r1", "global a"));
}

TEST(SettingsTest, ManyLinksInARowAreRefused) {
    json::Object chain;
    for (int i = 0; i < 101; ++i) {
        chain.set("k" + std::to_string(i),
                  json::Object{{"link", "global k" + std::to_string(i + 1)}});
    }
    chain.set("k101", 1);
    const Kept kept(json::Object{{"global", chain}});
    EXPECT_EQ(find_effective(kept.finder(), kSubject, "k0", {}).error().code, Errc::limit);
    EXPECT_TRUE(find_effective(kept.finder(), kSubject, "k1", {}));
}

}  // namespace
}  // namespace evenkeel::compile
