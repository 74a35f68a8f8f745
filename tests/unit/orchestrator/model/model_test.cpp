#include "orchestrator/model/model.hpp"

#include "core/crypto/sealer.hpp"
#include "orchestrator/state/model_objects.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::model {
namespace {

using compile::Scope;

class ModelTest : public test::StateTest {
  protected:
    static ObjectChange put(ModelKind kind, const std::string& name, const char* body) {
        return {kind, name, *json::parse(body)};
    }
    static ObjectChange erase(ModelKind kind, const std::string& name) { return {kind, name, {}}; }

    Lookup lookup() {
        return {.id_of = [this](std::string_view host) { return host == host_ ? host_ : ""; },
                .has_hosts_in = [](std::string_view name) { return name == "full"; },
                .body_of =
                    [this](std::string_view application, std::uint32_t version) {
                        const auto view = read();
                        const auto found = *view.model_objects().find_version(application, version);
                        return found ? found->body : json::Value();
                    }};
    }
    // "0 /pointer code" of what is wrong with these changes.
    std::vector<std::string> wrong(const std::vector<ObjectChange>& changes) {
        std::vector<std::string> told;
        for (const WrongChange& each : edit(model_, changes, lookup(), protector_).wrong) {
            told.push_back(std::to_string(each.change) + " " + each.pointer + " " + each.code);
        }
        return told;
    }
    // Makes them, stores them, and reads the store again.
    void make(const std::vector<ObjectChange>& changes) {
        Edited edited = edit(model_, changes, lookup(), protector_);
        for (const WrongChange& each : edited.wrong) ADD_FAILURE() << each.detail;
        change([&](state::Edit& in) { return store(in, edited.writes, *in.next_revision()); });
        model_ = std::move(edited.model);
        auto loaded = Model::load(read(), protector_);
        ASSERT_TRUE(loaded) << loaded.error().what;
        loaded_ = *std::move(loaded);
    }

    Model model_;
    Model loaded_;
};

const char* const kNginx = R"({"parameters": {"properties": {"port": {"type": "integer"}}},
    "resources": [{"collection": "files", "id": "/etc/{{port}}", "description": {}}]})";
const char* const kOther = R"({"resources": []})";

using Told = std::vector<std::string>;

TEST_F(ModelTest, WhatIsStoredIsReadAgain) {
    make({put(ModelKind::assignment, "web", R"({"application": "nginx", "environment": "prod/eu",
              "filter": "labels.role = web", "settings": {"port": {"value": 8080}}})"),
          put(ModelKind::environment, "prod/eu", R"({"note": "Europe"})"),
          put(ModelKind::environment, "prod", R"({"protected": true})"),
          put(ModelKind::application, "nginx", kNginx),
          put(ModelKind::setting, "global port", R"({"value": 80})"),
          put(ModelKind::setting, "environment:prod password",
              R"({"value": "hunter2", "secret": true})"),
          put(ModelKind::setting, "host:" + host_ + " nginx:port",
              R"({"link": {"scope": "global", "key": "port"}})")});
    for (const Model* model : {&model_, &loaded_}) {
        EXPECT_TRUE(model->environment("prod")->is_protected);
        EXPECT_EQ(model->environment("prod/eu")->note, "Europe");
        EXPECT_TRUE(model->environment("default"));
        EXPECT_EQ(model->setting({{}, "port"})->value, json::Value(80));
        EXPECT_EQ(model->setting({Scope::assignment("web"), "port"})->value, json::Value(8080));
        const compile::Setting* key = model->setting({Scope::environment("prod"), "password"});
        EXPECT_TRUE(key->is_secret);
        EXPECT_EQ(key->value, json::Value("hunter2"));
        EXPECT_EQ(model->setting({Scope::host(host_), "nginx:port"})->link->key, "port");
        EXPECT_EQ(model->application("nginx")->version, 1U);
        compile::Host host{.id = host_, .name = "web1", .environment = "prod/eu/west"};
        EXPECT_TRUE(model->assigned_to(host).empty());
        host.labels = json::Object{{"role", "web"}};
        EXPECT_EQ(model->assigned_to(host).size(), 1U);
        host.environment = "prod";
        EXPECT_TRUE(model->assigned_to(host).empty());
    }
    EXPECT_GT(loaded_.revision(), 0U);
}

TEST_F(ModelTest, ASecretIsSealedInTheStore) {
    make({put(ModelKind::setting, "global password", R"({"value": "hunter2", "secret": true})")});
    const auto stored = *read().model_objects().find(ModelKind::setting, "global password");
    EXPECT_EQ(json::write(stored->body).find("hunter2"), std::string::npos);
}

TEST_F(ModelTest, VersionsAreKeptAndEqualOnesAreNone) {
    make({put(ModelKind::application, "nginx", kNginx)});
    make({put(ModelKind::application, "nginx", kNginx)});
    EXPECT_EQ(loaded_.application("nginx")->version, 1U);
    make({put(ModelKind::application, "nginx", kOther)});
    EXPECT_EQ(loaded_.application("nginx")->version, 2U);
    EXPECT_FALSE(loaded_.application("nginx", 1));
    // The older one is read when it is assigned.
    make({put(ModelKind::assignment, "old", R"({"application": "nginx", "version": 1})")});
    for (const Model* model : {&model_, &loaded_}) {
        EXPECT_EQ(model->application("nginx")->version, 2U);
        EXPECT_EQ(model->application("nginx", 1)->resources.size(), 1U);
    }
    EXPECT_EQ(
        wrong({put(ModelKind::assignment, "old", R"({"application": "nginx", "version": 3})")}),
        (Told{"0 /version not-found"}));
}

TEST_F(ModelTest, TheSourceOfAnApplicationMakesNoVersion) {
    const auto kept = [&] {
        return (*read().model_objects().find(ModelKind::application, "nginx"))->body;
    };
    make({put(ModelKind::application, "nginx", R"({"resources": [], "source": "site"})")});
    EXPECT_EQ(kept(), (json::Value(json::Object{{"version", 1}, {"source", "site"}})));
    EXPECT_FALSE((*read().model_objects().find_version("nginx", 1))->body.find("source"));
    const std::uint64_t first = loaded_.revision();
    make({put(ModelKind::application, "nginx", R"({"resources": [], "source": "other"})")});
    EXPECT_EQ(kept(), (json::Value(json::Object{{"version", 1}, {"source", "other"}})));
    EXPECT_GT(loaded_.revision(), first);
    make({put(ModelKind::application, "nginx", R"({"resources": []})")});
    EXPECT_EQ(kept(), json::Value(json::Object{{"version", 1}}));
    make({put(ModelKind::application, "nginx", R"({"note": "x", "source": "site"})")});
    EXPECT_EQ(kept(), (json::Value(json::Object{{"version", 2}, {"source", "site"}})));
    EXPECT_EQ(loaded_.application("nginx")->source, "site");
}

TEST_F(ModelTest, ASourceIsANameOnAnyObjectAndEqualSettingsAreNotWritten) {
    const char* bad = R"({"source": "A b"})";
    EXPECT_EQ(
        wrong({put(ModelKind::environment, "prod", bad), put(ModelKind::application, "nginx", bad),
               put(ModelKind::assignment, "web", R"({"application": "a", "source": "/"})"),
               put(ModelKind::setting, "global a", R"({"value": 1, "source": 5})")}),
        (Told{"0 /source invalid", "1 /source invalid", "2 /source invalid", "3 /source invalid"}));
    const auto secret = put(ModelKind::setting, "global word",
                            R"({"value": "hunter2", "secret": true, "source": "site"})");
    make({secret});
    EXPECT_EQ(loaded_.setting({{}, "word"})->source, "site");
    EXPECT_TRUE(edit(model_, {secret}, lookup(), protector_).writes.empty());
    EXPECT_EQ(
        edit(model_,
             {put(ModelKind::setting, "global word", R"({"value": "hunter2", "secret": true})")},
             lookup(), protector_)
            .writes.size(),
        1U);
}

TEST_F(ModelTest, SettingsOfAnAssignmentStayUnlessItBringsSome) {
    make({put(ModelKind::application, "nginx", kNginx),
          put(ModelKind::assignment, "web",
              R"({"application": "nginx", "settings": {"a": {"value": 1}, "b": {"value": 2}}})")});
    make({put(ModelKind::assignment, "web", R"({"application": "nginx", "note": "x"})"),
          put(ModelKind::setting, "assignment:web c", R"({"value": 3})")});
    EXPECT_EQ(loaded_.settings(Scope::assignment("web"))->size(), 3U);
    make({put(ModelKind::assignment, "web",
              R"({"application": "nginx", "settings": {"a": {"value": 4}}})")});
    ASSERT_EQ(loaded_.settings(Scope::assignment("web"))->size(), 1U);
    EXPECT_EQ(loaded_.setting({Scope::assignment("web"), "a"})->value, json::Value(4));
    make({erase(ModelKind::assignment, "web")});
    EXPECT_FALSE(loaded_.settings(Scope::assignment("web")));
    EXPECT_FALSE(loaded_.assignment("web"));
}

TEST_F(ModelTest, WhatIsAsItWasIsNotWritten) {
    const std::vector<ObjectChange> changes = {
        put(ModelKind::environment, "prod", R"({"note": "all"})"),
        put(ModelKind::application, "nginx", kNginx),
        put(ModelKind::setting, "global word", R"({"value": "hunter2", "secret": true})"),
        put(ModelKind::assignment, "web", R"({"application": "nginx", "note": "x",
            "settings": {"port": {"value": 1}, "mail": {"value": 2}}})")};
    make(changes);
    const auto written = [&](const std::vector<ObjectChange>& again) {
        std::vector<std::string> names;
        for (const ObjectWrite& write : edit(loaded_, again, lookup(), protector_).writes) {
            names.push_back((write.body.is_null() ? "-" : "") + write.name);
        }
        return names;
    };
    EXPECT_EQ(written(changes), Told());
    // Said in other words.
    EXPECT_EQ(written({put(ModelKind::environment, "prod", R"({"note": "all",
                           "protected": false})")}),
              Told());
    EXPECT_EQ(written({put(ModelKind::environment, "prod", R"({"note": "y"})"),
                       put(ModelKind::setting, "global word", R"({"value": "hunter2"})"),
                       put(ModelKind::assignment, "web", R"({"application": "nginx",
                           "note": "y", "settings": {"port": {"value": 1}}})")}),
              (Told{"prod", "-assignment:web mail", "web", "global word"}));
}

TEST_F(ModelTest, WhatIsInUseIsNotDeleted) {
    make(
        {put(ModelKind::environment, "prod", "{}"), put(ModelKind::environment, "prod/eu", "{}"),
         put(ModelKind::environment, "full", "{}"), put(ModelKind::application, "nginx", kNginx),
         put(ModelKind::assignment, "web", R"({"application": "nginx", "environment": "prod/eu"})"),
         put(ModelKind::setting, "environment:prod/eu a", R"({"value": 1})")});
    EXPECT_EQ(wrong({erase(ModelKind::environment, "prod")}), (Told{"0  in-use"}));
    EXPECT_EQ(wrong({erase(ModelKind::environment, "prod/eu")}), (Told{"0  in-use"}));
    EXPECT_EQ(wrong({erase(ModelKind::environment, "full")}), (Told{"0  in-use"}));
    EXPECT_EQ(wrong({erase(ModelKind::environment, "default")}), (Told{"0  in-use"}));
    EXPECT_EQ(wrong({erase(ModelKind::application, "nginx")}), (Told{"0  in-use"}));
    // All together, in whatever order.
    make({erase(ModelKind::environment, "prod"), erase(ModelKind::environment, "prod/eu"),
          erase(ModelKind::application, "nginx"), erase(ModelKind::assignment, "web"),
          erase(ModelKind::setting, "environment:prod/eu a")});
    EXPECT_FALSE(loaded_.environment("prod"));
    EXPECT_FALSE(loaded_.application("nginx"));
}

TEST_F(ModelTest, WhatIsWrongIsToldChangeByChange) {
    EXPECT_EQ(
        wrong({put(ModelKind::environment, "Prod", "{}"),
               put(ModelKind::environment, "a", R"({"colour": 1, "protected": 2})"),
               put(ModelKind::setting, "global Port", R"({"value": 1})"),
               put(ModelKind::setting, "nowhere port", R"({"value": 1})"),
               put(ModelKind::setting, "global port", R"({"value": null})"),
               put(ModelKind::setting, "global link", R"({"link": {"scope": "x", "key": "Y"}})"),
               put(ModelKind::application, "nginx", R"({"resources": 1})"),
               put(ModelKind::assignment, "web", R"({"version": 0, "environment": "a", "host": "b",
                   "filter": "connection = online", "policy": "maybe", "settings": {"A": {}}})"),
               erase(ModelKind::application, "nobody"), put(ModelKind::environment, "a", "{}")}),
        (Told{"0  invalid", "1 /colour unknown-field", "1 /protected invalid", "9  invalid",
              "6 /resources invalid", "8  not-found", "7 /application invalid",
              "7 /version invalid", "7 /host invalid", "7 /filter bad-filter", "7 /policy invalid",
              "7 /settings/A invalid", "7 /settings/A/value invalid", "2  invalid", "3  invalid",
              "4 /value invalid", "5 /link/scope invalid", "5 /link/key invalid"}));
    EXPECT_EQ(wrong({put(ModelKind::environment, "a/b", "{}"),
                     put(ModelKind::setting, "environment:c x", R"({"value": 1})"),
                     put(ModelKind::setting, "host:nobody x", R"({"value": 1})"),
                     put(ModelKind::assignment, "web",
                         R"({"application": "nothing", "environment": "d"})")}),
              (Told{"0  not-found", "1  not-found", "2  not-found", "3 /application not-found",
                    "3 /environment not-found"}));
}

TEST_F(ModelTest, AnEditLeavesTheModelBeforeAsItWas) {
    make({put(ModelKind::setting, "global a", R"({"value": 1})"),
          put(ModelKind::setting, "global b", R"({"value": 1})")});
    const Model before = model_;
    make({put(ModelKind::setting, "global a", R"({"value": 2})"),
          erase(ModelKind::setting, "global b"), put(ModelKind::environment, "x", "{}")});
    EXPECT_EQ(before.setting({{}, "a"})->value, json::Value(1));
    EXPECT_TRUE(before.setting({{}, "b"}));
    EXPECT_FALSE(before.environment("x"));
    EXPECT_EQ(model_.setting({{}, "a"})->value, json::Value(2));
    EXPECT_FALSE(model_.setting({{}, "b"}));
}

}  // namespace
}  // namespace evenkeel::model
