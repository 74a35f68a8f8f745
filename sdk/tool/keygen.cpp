#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "core/base/file.hpp"
#include "core/crypto/signing.hpp"
#include "sdk/tool/command.hpp"

namespace evenkeel::tool {
namespace {

// A key that is overwritten is lost, with all that was signed by it.
Exit make_key(const std::string& path) {
    if (::access(path.c_str(), F_OK) == 0)
        return fail_with({Errc::conflict, path + " is there already: name another file"});
    const crypto::SigningKey key = crypto::SigningKey::generate();
    const std::string shown = key.verify_key().text();
    std::string secret(key.text().reveal());
    secret += '\n';
    const crypto::Secret text(std::move(secret));
    if (const auto written = write_file(path, text.reveal(), 0600); !written)
        return fail_with(written.error());
    if (const auto written = write_file(path + ".pub", shown + "\n", 0644); !written)
        return fail_with(written.error());
    std::printf("%s\n", shown.c_str());
    std::fprintf(stderr, "key %s: keep %s to yourself; the line above goes into plugin_keys\n",
                 key.verify_key().id().c_str(), path.c_str());
    return Exit::done;
}

}  // namespace

void add_keygen(CLI::App& app, Run& run) {
    const auto path = std::make_shared<std::string>();
    auto* command = app.add_subcommand("keygen", "Make a key to sign plugins with");
    command->add_option("KEY", *path, "The secret key's file; KEY.pub gets the public one")
        ->required();
    command->callback([path, &run] { run = [path] { return make_key(*path); }; });
}

}  // namespace evenkeel::tool
