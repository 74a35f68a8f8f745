#include "sdk/tool/validate/instance.hpp"

namespace evenkeel::validate {

std::string ids_json(const std::vector<std::string>& ids) {
    json::Array array;
    for (const std::string& id : ids) array.emplace_back(id);
    return json::write(std::move(array));
}

std::string filter_json(const std::vector<std::string>& ids) {
    return "{\"ids\":" + ids_json(ids) + "}";
}

Instance::Instance(Bench& bench, const ek_collection& table, ek_instance* handle)
    : bench_(bench), table_(table), handle_(handle) {
    ++bench_.instances;
}

void Instance::close() {
    if (handle_ == nullptr) return;
    bench_.module().close(std::exchange(handle_, nullptr));
    --bench_.instances;
}

// Operation: (call, input), where input turns a text into what the plugin is given.
template <typename Operation>
Told Instance::run(CallOptions options, Operation&& operation) {
    const Told told = bench_.answers(std::move(options));
    std::deque<Block> kept;
    const auto input = [&](std::string_view text) { return bench_.input(text, kept); };
    told->finish(operation(told->call(), input));
    bench_.end_of(kept);
    return told;
}

Told Instance::list(const std::string& filter, CallOptions options) {
    return run(std::move(options), [&](const ek_call* call, auto input) {
        return table_.list(handle_, call, filter.empty() ? kAbsent : input(filter));
    });
}
Told Instance::read(const std::string& id, CallOptions options) {
    return read_raw(ids_json({id}), std::move(options));
}
Told Instance::read_all(const std::vector<std::string>& ids, CallOptions options) {
    return read_raw(ids_json(ids), std::move(options));
}
Told Instance::read_raw(std::string_view ids, CallOptions options) {
    return run(std::move(options), [&](const ek_call* call, auto input) {
        return table_.read(handle_, call, input(ids));
    });
}
Told Instance::apply(const std::string& id, const json::Value& description, CallOptions options) {
    return apply_raw(id, json::write(description), std::move(options));
}
Told Instance::plan(const std::string& id, const json::Value& description, CallOptions options) {
    options.flags |= EK_CALL_DRY_RUN;
    return apply(id, description, std::move(options));
}
Told Instance::apply_raw(std::string_view id, std::string_view description, CallOptions options) {
    return run(std::move(options), [&](const ek_call* call, auto input) {
        return table_.apply(handle_, call, input(id), input(description));
    });
}
Told Instance::remove(const std::string& id, CallOptions options) {
    return run(std::move(options), [&](const ek_call* call, auto input) {
        return table_.remove(handle_, call, input(id));
    });
}
Told Instance::apply_many(const std::string& entries, CallOptions options) {
    return run(std::move(options), [&](const ek_call* call, auto input) {
        return table_.apply_many(handle_, call, input(entries));
    });
}
Told Instance::invoke(const std::string& id, const std::string& action,
                      const std::string& arguments) {
    return run({}, [&](const ek_call* call, auto input) {
        return table_.invoke(handle_, call, input(id), input(action), input(arguments));
    });
}
Told Instance::compare(const json::Value& description, const json::Value& state) {
    return run({}, [&](const ek_call* call, auto input) {
        return table_.compare(handle_, call, input(json::write(description)),
                              input(json::write(state)));
    });
}
Told Instance::upgrade(std::uint32_t from, const json::Value& description) {
    return run({}, [&](const ek_call* call, auto input) {
        return table_.upgrade(handle_, call, from, input(json::write(description)));
    });
}
Told Instance::normalize(const std::string& id) {
    return run({}, [&](const ek_call* call, auto input) {
        return table_.normalize(handle_, call, input(id));
    });
}

json::Value Instance::state(const std::string& id) {
    const Told told = read(id);
    if (told->status == EK_E_NOT_FOUND && told->items.empty()) return nullptr;
    if (!told->ok()) broken("read fails", told->transcript());
    for (const Item& item : told->items) {
        if (item.id != id || !item.json) continue;
        auto state = json::parse(*item.json);
        if (!state) broken("a state is not JSON", told->transcript());
        return std::move(*state);
    }
    return nullptr;
}

Told Instance::must_apply(const std::string& id, const json::Value& description) {
    const Told told = apply(id, description);
    if (!told->ok())
        broken("apply fails for " + id + " with " + json::write(description), told->transcript());
    return told;
}

void Instance::must_remove(const std::string& id) {
    const Told told = remove(id);
    if (!told->ok()) broken("remove fails for " + id, told->transcript());
}

void Instance::clear(const std::string& id) {
    if (state(id).is_null()) return;
    if (!bench_.can(EK_CAP_REMOVE)) skip(id + " is there, and the collection cannot remove it");
    must_remove(id);
}

}  // namespace evenkeel::validate
