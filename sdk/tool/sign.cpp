#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

#include "core/base/file.hpp"
#include "core/crypto/signing.hpp"
#include "core/plugin/sums.hpp"
#include "sdk/tool/command.hpp"
#include "sdk/tool/plugin_file.hpp"

namespace evenkeel::tool {
namespace {

Result<std::string> sign_plugin(const std::string& file, const std::string& key_path) {
    const std::string stem = EK_TRY(stem_of(file));
    const auto key = EK_TRY(crypto::SigningKey::read(key_path));
    // No key vouches for a broken plugin.
    EK_CHECK(whole_package(file));
    const std::string path = stem + ".sum.json";
    const std::string text = EK_TRY(read_file(path));
    auto sums = EK_TRY(plugin::Sums::parse(text));
    sums.sign(key);
    EK_CHECK(write_file(path, sums.text(), 0644));
    return key.verify_key().id();
}

Exit run_sign(const std::string& file, const std::string& key_path) {
    const auto id = sign_plugin(file, key_path);
    if (!id) return fail_with(id.error());
    std::printf("%s is signed by key %s\n", file.c_str(), id->c_str());
    return Exit::done;
}

}  // namespace

void add_sign(CLI::App& app, Run& run) {
    struct Line {
        std::string file, key;
    };
    const auto line = std::make_shared<Line>();
    auto* command = app.add_subcommand("sign", "Sign a plugin's sum file");
    command->add_option("FILE", line->file, "The plugin, NAME.so")->required();
    command->add_option("--key", line->key, "The secret key, as keygen wrote it")->required();
    command->callback([line, &run] { run = [line] { return run_sign(line->file, line->key); }; });
}

}  // namespace evenkeel::tool
