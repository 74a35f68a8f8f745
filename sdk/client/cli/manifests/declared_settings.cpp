#include "sdk/client/cli/manifests/declared_settings.hpp"

#include <cstdlib>

#include "core/base/file.hpp"
#include "core/base/text.hpp"
#include "sdk/client/cli/manifests/read_manifests.hpp"

namespace evenkeel::cli {
namespace {

class SettingReader {
  public:
    SettingReader(const Place& place, const SourceFile& source, Problems& problems)
        : place_(place), source_(source), problems_(problems), before_(problems.size()) {}

    std::optional<Declared> read(const json::Value& given) {
        Declared declared{{}, place_};
        if (given.is_null()) {
            add("", "a value is not null; a key that is left out is not declared");
        } else if (given.is_object()) {
            read_members(given, declared);
        } else {
            declared.body.set("value", given);
        }
        if (problems_.size() > before_) return std::nullopt;
        return declared;
    }

  private:
    void add(const std::string& below, std::string why) {
        problems_.push_back({place_.text(below), "invalid", std::move(why)});
    }

    void read_members(const json::Value& given, Declared& declared) {
        for (const auto& [name, value] : given.as_object()) {
            if (name == "value_from") continue;
            if (name == "value" || name == "secret" || name == "link") {
                declared.body.set(name, value);
            } else {
                add(json::pointer("", name),
                    "there are value, value_from, secret and link; an object as the value is "
                    "written as value: {...}");
            }
        }
        const json::Value* from = given.find("value_from");
        if (!from) return;
        if (given.find("value")) return add("/value_from", "there is a value beside it");
        if (!given.find("secret")) declared.body.set("secret", true);
        read_from(*from, given.bool_or("secret", true), declared);
    }

    void read_from(const json::Value& from, bool is_secret, Declared& declared) {
        const bool is_one = from.is_object() && from.as_object().size() == 1;
        if (is_one && from["env"].is_string()) {
            return read_variable(from.string_or("env"), is_secret, declared);
        }
        if (is_one && from["file"].is_string()) return read_file(from.string_or("file"), declared);
        add("/value_from", R"(must be {"env": NAME} or {"file": PATH})");
    }

    void read_variable(const std::string& name, bool is_secret, Declared& declared) {
        const bool is_name =
            !name.empty() && name.find_first_of(std::string_view("=\0", 2)) == std::string::npos;
        if (!is_name) return add("/value_from/env", "is no name of a variable");
        // Whoever writes a manifest could ask for any variable, and anybody reads what is no
        // secret.
        if (!is_secret) {
            return add("/value_from/env",
                       "a variable is always a secret; what is none is a value, or a file");
        }
        const char* value = std::getenv(name.c_str());
        if (value == nullptr || *value == '\0') {
            declared.unset = name;
            return;
        }
        declared.from = "the variable " + name;
        set(value, "/value_from/env", declared);
    }

    void read_file(const std::string& name, Declared& declared) {
        const std::string below = "/value_from/file";
        const NamedFile file = find_named(source_, name);
        if (file.real.empty()) return add(below, file.wrong);
        auto text = read_named(file.real, kSecretBytesMost);
        if (!text) return add(below, text.error().detail);
        if (file.is_elsewhere) declared.from = "the file " + file.real;
        if (text->ends_with('\n')) text->pop_back();
        set(*std::move(text), below, declared);
    }

    void set(std::string text, const std::string& below, Declared& declared) {
        if (!is_utf8(text)) return add(below, "is not UTF-8");
        declared.body.set("value", std::move(text));
    }

    const Place& place_;
    const SourceFile& source_;
    Problems& problems_;
    const std::size_t before_;
};

}  // namespace

std::optional<Declared> read_setting(const json::Value& given, const Place& place,
                                     const SourceFile& source, Problems& problems) {
    return SettingReader(place, source, problems).read(given);
}

client::Result<std::string> read_named(const std::string& path, std::size_t most) {
    auto text = read_file(path, most);
    if (!text) return client::Failure{.kind = client::Kind::local, .detail = text.error().what};
    return *std::move(text);
}

}  // namespace evenkeel::cli
