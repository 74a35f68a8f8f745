#include "sdk/client/cli/hosts.hpp"

#include <algorithm>

#include <fnmatch.h>

#include "core/base/text.hpp"
#include "core/json/json.hpp"

namespace evenkeel::cli {
namespace {

using client::Failure;
using client::Kind;

bool is_pattern(const std::string& name) {
    return name.find_first_of("*?[") != std::string::npos;
}

bool matches(const std::string& name, const client::Host& host) {
    if (name == host.name || name == host.id) return true;
    return is_pattern(name) && ::fnmatch(name.c_str(), host.name.c_str(), 0) == 0;
}

void add(std::vector<std::string>& chosen, const std::string& host) {
    if (std::find(chosen.begin(), chosen.end(), host) == chosen.end()) chosen.push_back(host);
}

Failure nothing_matches(const std::string& what) {
    return {.kind = Kind::local, .code = kNoHost, .detail = "no active host matches " + what};
}

client::Result<std::vector<LabelTerm>> terms_of(const std::vector<std::string>& selectors) {
    std::vector<LabelTerm> terms;
    for (const std::string& selector : selectors) {
        const auto some = read_selector(selector);
        if (!some)
            return Failure{.kind = Kind::local, .code = kMisused, .detail = some.error().what};
        terms.insert(terms.end(), some->begin(), some->end());
    }
    return terms;
}

bool is_chosen(const client::Host& host, const std::vector<LabelTerm>& terms) {
    return host.enrolment == "active" &&
           std::all_of(terms.begin(), terms.end(),
                       [&host](const LabelTerm& term) { return holds(term, host); });
}

Result<LabelTerm> read_term(const std::string& text) {
    using Test = LabelTerm::Test;
    const auto wrong = [&text] {
        return fail(Errc::invalid,
                    "a label selector is like role=web,env!=test,rack,!old, not '" + text + "'");
    };
    if (text.find_first_of("() \t") != std::string::npos) return wrong();
    LabelTerm term;
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) {
        term.test = text.starts_with('!') ? Test::absent : Test::there;
        term.name = text.substr(term.test == Test::absent ? 1 : 0);
    } else {
        const bool differs = equals > 0 && text[equals - 1] == '!';
        term.test = differs ? Test::unequal : Test::equal;
        term.name = text.substr(0, differs ? equals - 1 : equals);
        term.value = text.substr(text.substr(equals).starts_with("==") ? equals + 2 : equals + 1);
    }
    if (term.name.empty() || term.name.find('!') != std::string::npos) return wrong();
    return term;
}

}  // namespace

client::Result<std::vector<std::string>> choose_hosts(client::Client& client,
                                                      const HostChoice& choice) {
    const auto& names = choice.names;
    const auto terms = terms_of(choice.labels);
    if (!terms) return terms.error();
    std::vector<std::string> chosen;
    const bool told = !names.empty() && terms->empty();
    if (told && std::none_of(names.begin(), names.end(), is_pattern)) {
        for (const std::string& name : names) add(chosen, name);
        return chosen;
    }
    const auto hosts = client.hosts();
    if (!hosts) return hosts.error();
    for (const std::string& name : names.empty() ? std::vector<std::string>{"*"} : names) {
        const std::size_t before = chosen.size();
        for (const client::Host& host : *hosts) {
            if (is_chosen(host, *terms) && matches(name, host)) add(chosen, host.name);
        }
        if (!told || chosen.size() > before) continue;
        const bool again = std::any_of(hosts->begin(), hosts->end(), [&](const auto& host) {
            return is_chosen(host, {}) && matches(name, host);
        });
        if (is_pattern(name) && !again) return nothing_matches("'" + name + "'");
        // A host that the list does not tell as active: the API says what is the matter with it.
        if (!is_pattern(name)) add(chosen, name);
    }
    if (!terms->empty() && chosen.empty()) return nothing_matches("these labels");
    return chosen;
}

client::Result<std::string> choose_host(client::Client& client, const HostChoice& choice,
                                        std::string_view what) {
    const auto hosts = choose_hosts(client, choice);
    if (!hosts) return hosts.error();
    if (hosts->size() == 1) return hosts->front();
    return Failure{.kind = Kind::local,
                   .code = kMisused,
                   .detail = std::string(what) + ": say which with --host"};
}

client::ListQuery narrowed(const client::ListQuery& query, const std::string& field,
                           const std::string& value) {
    client::ListQuery narrow = query;
    if (!narrow.filter.empty()) narrow.filter += " AND ";
    narrow.filter += field + " = " + json::write(json::Value(value));
    return narrow;
}

client::Result<client::Host> find_host(client::Client& client, const std::string& name) {
    auto found = client.host(name);
    if (found || found.error().status != 404) return found;
    const auto named = client.hosts(narrowed(narrowed({}, "name", name), "enrolment", "retired"));
    if (!named || named->empty()) return found;
    if (named->size() == 1) return client.host(named->front().id);
    client::Failure failure = found.error();
    failure.detail = "no active host is named '" + name + "', and several retired ones were:";
    for (const client::Host& host : *named) failure.detail += " " + host.id;
    return failure;
}

Result<std::vector<LabelTerm>> read_selector(std::string_view text) {
    std::vector<LabelTerm> terms;
    for (const std::string& one : split(text, ',')) terms.push_back(EK_TRY(read_term(one)));
    return terms;
}

bool holds(const LabelTerm& term, const client::Host& host) {
    const auto label = host.labels.find(term.name);
    const bool there = label != host.labels.end();
    switch (term.test) {
        case LabelTerm::Test::equal:
            return there && label->second == term.value;
        case LabelTerm::Test::unequal:
            return !there || label->second != term.value;
        case LabelTerm::Test::there:
            return there;
        default:
            return !there;
    }
}

}  // namespace evenkeel::cli
