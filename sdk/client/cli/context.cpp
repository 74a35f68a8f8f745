#include "sdk/client/cpp/context.hpp"

#include <filesystem>

#include "core/json/json.hpp"
#include "sdk/client/cli/commands.hpp"
#include "sdk/client/cli/failure.hpp"

namespace evenkeel::cli {
namespace {

client::Result<std::string> path_of_contexts() {
    std::string path = client::contexts_path();
    if (path.empty()) return local("neither XDG_CONFIG_HOME nor HOME is set");
    return path;
}

// Reads the contexts, lets `change` work on them and writes them back.
template <typename Change>
Exit edit(Session& session, const Change& change) {
    const auto path = path_of_contexts();
    if (!path) return session.fail(path.error());
    auto contexts = client::load_contexts(*path);
    if (!contexts) return session.fail(contexts.error()), Exit::usage;
    const client::Result<> changed = change(*contexts);
    if (!changed) return session.fail(changed.error()), Exit::usage;
    const auto saved = client::save_contexts(*path, *contexts);
    if (!saved) return session.fail(saved.error());
    return Exit::done;
}

// A path that means the same wherever ek is run.
std::string absolute(const std::string& path) {
    return path.empty() ? path : std::filesystem::absolute(path).lexically_normal().string();
}

json::Object to_json(const std::string& name, const client::Context& context, bool current) {
    return json::Object{{"name", name},
                        {"current", current},
                        {"url", context.url},
                        {"token_file", context.token_file},
                        {"ca_file", context.ca_file}};
}

client::Result<> known(const client::Contexts& contexts, const std::string& name) {
    if (contexts.by_name.contains(name)) return {};
    return local("no context named '" + name + "'");
}

}  // namespace

Exit context_add(Session& session, const std::string& name) {
    const Globals& globals = session.globals();
    return edit(session, [&](client::Contexts& contexts) -> client::Result<> {
        if (globals.url.empty()) return local("a context needs --url");
        if (globals.token_file == "-") return local("a context keeps the path of a token file");
        // Refuses here what no command could use.
        const auto usable = client::Client::open({.url = globals.url});
        if (!usable) return usable.error();
        contexts.by_name[name] = {globals.url, absolute(globals.token_file),
                                  absolute(globals.ca_file)};
        if (contexts.current.empty()) contexts.current = name;
        Output::message(
            "context " + name + " saved" +
            (contexts.current == name ? ", in use" : "; use it with: ek context use " + name));
        return {};
    });
}

Exit context_use(Session& session, const std::string& name) {
    return edit(session, [&](client::Contexts& contexts) -> client::Result<> {
        if (auto there = known(contexts, name); !there) return there;
        contexts.current = name;
        Output::message("context " + name + " in use");
        return {};
    });
}

Exit context_remove(Session& session, const std::string& name) {
    return edit(session, [&](client::Contexts& contexts) -> client::Result<> {
        if (auto there = known(contexts, name); !there) return there;
        contexts.by_name.erase(name);
        if (contexts.current == name) contexts.current.clear();
        Output::message("context " + name + " removed");
        return {};
    });
}

Exit context_list(Session& session) {
    const auto path = path_of_contexts();
    const auto contexts = path ? client::load_contexts(*path) : path.error();
    if (!contexts) return session.fail(contexts.error()), Exit::usage;
    Table table{{"CURRENT", "NAME", "URL", "TOKEN FILE", "CA FILE"}, {}};
    std::vector<std::string> items;
    for (const auto& [name, context] : contexts->by_name) {
        const bool current = name == contexts->current;
        table.rows.push_back(
            {current ? "*" : "", name, context.url, context.token_file, context.ca_file});
        items.push_back(json::write(to_json(name, context, current)));
    }
    if (session.output().is_data()) session.output().data_items(items);
    else session.output().table(table);
    return Exit::done;
}

Exit context_show(Session& session, const std::string& name) {
    const auto path = path_of_contexts();
    const auto contexts = path ? client::load_contexts(*path) : path.error();
    if (!contexts) return session.fail(contexts.error()), Exit::usage;
    const std::string& wanted = name.empty() ? contexts->current : name;
    const auto found = contexts->by_name.find(wanted);
    if (found == contexts->by_name.end()) {
        session.fail(
            local(wanted.empty() ? "no context is in use" : "no context named '" + wanted + "'"));
        return Exit::not_found;
    }
    const std::string shown =
        json::write(to_json(wanted, found->second, wanted == contexts->current));
    if (session.output().is_data()) session.output().data(shown);
    else session.output().outline(shown);
    return Exit::done;
}

}  // namespace evenkeel::cli
