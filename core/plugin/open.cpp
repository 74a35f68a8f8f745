#include "core/plugin/open.hpp"

#include <utility>

#include "core/base/text.hpp"
#include "core/plugin/broken_rule.hpp"
#include "core/plugin/instance.hpp"

namespace evenkeel::plugin {
namespace {

// "collections.packages.backend" for the pointer "/backend".
std::string key_of(const std::string& collection, const std::string& pointer) {
    std::string key = "collections." + collection;
    for (const char letter : pointer) key += letter == '/' ? '.' : letter;
    return printable(key);
}

// What is wrong with the configuration, naming the key; nothing if it is right.
std::optional<Error> check(const Host& host, const ek_collection& table,
                           const json::Value& configuration) {
    const auto schema = schema::Schema::compile(copy(table.config_schema_json));
    if (!schema)
        return misbehaviour(host.plugin(), "the schema of the configuration of " +
                                               copy(table.name) + ": " + schema.error().what);
    const auto wrong = schema->validate(configuration, schema::Mode::description);
    if (wrong.empty()) return std::nullopt;
    return Error{Errc::unavailable, "the configuration is wrong at the key '" +
                                        key_of(copy(table.name), wrong.front().pointer) +
                                        "': " + wrong.front().detail};
}

Result<std::shared_ptr<OpenInstance>> open(const ek_module& module, const ek_collection& table,
                                           const std::shared_ptr<const Host>& host,
                                           const json::Value& configuration, const Call& call) {
    if (auto wrong = check(*host, table, configuration)) return fail(std::move(*wrong));
    Answers answers(call, 0);
    const std::string given = json::write(configuration);
    ek_instance* handle = nullptr;
    ek_status status = EK_E_INTERNAL;
    try {
        status = module.open(host->table(), answers.call(), &table, borrow(given), &handle);
    } catch (const BrokenRule& broken) {
        return fail(misbehaviour(host->plugin(), broken.rule));
    } catch (...) {
        return fail(misbehaviour(host->plugin(), "an exception leaves open"));
    }
    if (auto why = answers.cancelled_for(); why && status == EK_E_CANCELLED)
        return fail(std::move(*why));
    if (status != EK_OK)
        return fail(errc_of(status),
                    "plugin " + host->plugin() + " does not open " + copy(table.name) + ": " +
                        host->filter()(answers.error_text().value_or("it does not say why")));
    if (handle == nullptr) return fail(misbehaviour(host->plugin(), "open gives no instance"));
    return std::make_shared<OpenInstance>(module, host, handle);
}

}  // namespace

Result<std::unique_ptr<Collection>> make_instance(const ek_module& module,
                                                  const ek_collection& table,
                                                  std::shared_ptr<const Host> host,
                                                  json::Value configuration) {
    auto schema = schema::Schema::compile(copy(table.schema_json));
    if (!schema)
        return fail(misbehaviour(host->plugin(),
                                 "the schema of " + copy(table.name) + ": " + schema.error().what));
    auto opener = [&module, &table, host, configuration = std::move(configuration)](
                      const Call& call) { return open(module, table, host, configuration, call); };
    return std::make_unique<Instance>(host, table, std::move(*schema), std::move(opener));
}

}  // namespace evenkeel::plugin
