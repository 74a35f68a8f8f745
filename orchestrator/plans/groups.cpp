#include "orchestrator/plans/groups.hpp"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include "core/crypto/hash.hpp"

namespace evenkeel::plans {
namespace {

std::string joined(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const std::string_view part : parts) {
        text.append(std::to_string(part.size())).append(":").append(part);
    }
    return text;
}

std::uint64_t code_of(const std::string& text) {
    std::uint64_t code = 0;
    std::memcpy(&code, crypto::sha256(text).data(), sizeof code);
    return code;
}

json::Value list_of(const std::vector<std::string>& texts) {
    return json::Array(texts.begin(), texts.end());
}

json::Value encode(const GroupedResource& resource) {
    return json::Object{
        {"collection", resource.ref.collection},
        {"id", resource.ref.id},
        {"change", to_string(resource.change)},
        {"paths", list_of(resource.paths)},
        {"sample", json::Object{{"host", resource.sample_host}, {"fields", resource.sample}}}};
}

}  // namespace

json::Array bounded_fields(json::Array fields, std::size_t bytes_most) {
    if (fields.size() > kPathsMost) fields.resize(kPathsMost);
    std::size_t bytes = 0;
    for (json::Value& field : fields) {
        const std::size_t size = json::write(field).size();
        if (bytes + size <= bytes_most) {
            bytes += size;
        } else {
            field = json::Object{{"path", field["path"]}, {"omitted", true}};
        }
    }
    return fields;
}

json::Value encode(const Summary& summary) {
    return json::Object{{"hosts", summary.hosts},     {"added", summary.added},
                        {"changed", summary.changed}, {"forgotten", summary.forgotten},
                        {"removed", summary.removed}, {"errors", summary.errors}};
}

json::Value encode(const Group& group) {
    json::Array resources;
    for (const GroupedResource& each : group.resources) resources.push_back(encode(each));
    return json::Object{{"count", group.count},
                        {"hosts", list_of(group.hosts)},
                        {"resources", std::move(resources)}};
}

json::Value encode(const ErrorGroup& group) {
    return json::Object{{"assignment", group.error.assignment},
                        {"pointer", group.error.pointer},
                        {"code", group.error.code},
                        {"detail", group.error.detail},
                        {"count", group.count},
                        {"hosts", list_of(group.hosts)}};
}

void Groups::Hosts::add(const std::string& name, const std::uint64_t (&host_code)[2]) {
    ++count;
    code[0] += host_code[0];
    code[1] += host_code[1];
    if (first.size() == kGroupHostsMost && name > first.back()) return;
    first.insert(std::lower_bound(first.begin(), first.end(), name), name);
    if (first.size() > kGroupHostsMost) first.pop_back();
}

template <typename K>
Groups::Hosts* Groups::Smallest<K>::at(K key, std::size_t most) {
    const auto leave_out = [&](const K& one) {
        if (left_out.size() < kGroupKeysCounted) left_out.insert(code_of(text_of(one)));
    };
    const auto found = kept.lower_bound(key);
    if (found != kept.end() && found->first == key) return &found->second;
    if (kept.size() == most) {
        // All that are kept are smaller, now and from now on.
        if (found == kept.end()) return leave_out(key), nullptr;
        leave_out(kept.rbegin()->first);
        // Not what `found` points to, unless that is the last: then the new one takes its place.
        kept.erase(std::prev(kept.end()));
    }
    return &kept.emplace(std::move(key), Hosts()).first->second;
}

std::string Groups::text_of(const Key& key) {
    std::string text = joined({to_string(key.change), key.ref.collection, key.ref.id});
    for (const std::string& path : key.paths) text += joined({path});
    return text;
}

std::string Groups::text_of(const ErrorKey& key) {
    return joined({key[0], key[1], key[2], key[3]});
}

void Groups::count(ChangeKind change) {
    switch (change) {
        case ChangeKind::remove:
            ++summary_.removed;
            break;
        case ChangeKind::forget:
            ++summary_.forgotten;
            break;
        case ChangeKind::add:
            ++summary_.added;
            break;
        case ChangeKind::change:
            ++summary_.changed;
            break;
        case ChangeKind::own:
            break;
    }
}

void Groups::add(const PlannedHost& host, const HostDifference& difference, const Sample& sample) {
    std::uint64_t host_code[2];
    std::memcpy(&host_code, crypto::sha256(host.id).data(), sizeof host_code);
    if (!difference.errors.empty()) ++summary_.errors;
    std::map<ErrorKey, bool> seen;
    for (const compile::CompileError& error : difference.errors) {
        ErrorKey key{error.assignment, error.pointer, error.code, error.detail};
        if (!seen.emplace(key, true).second) continue;
        Hosts* hosts = errors_.at(std::move(key), kGroupsMost);
        if (hosts) hosts->add(host.name, host_code);
    }
    bool is_touched = false;
    for (const ResourceDifference& each : difference.resources) {
        if (each.change == ChangeKind::own) continue;
        is_touched = true;
        count(each.change);
        Hosts* hosts = resources_.at({each.change, each.ref, each.paths}, kGroupKeysMost);
        if (!hosts) continue;
        hosts->add(host.name, host_code);
        if (hosts->first.front() == host.name) hosts->sample = bounded_fields(sample(each));
    }
    if (is_touched) ++summary_.hosts;
}

// Those of the same hosts become one.
std::vector<Group> Groups::united() const {
    std::vector<Group> groups;
    std::map<std::tuple<std::uint64_t, std::uint64_t, std::uint64_t>, std::size_t> numbers;
    for (const auto& [key, hosts] : resources_.kept) {
        const auto [found, is_new] =
            numbers.try_emplace({hosts.count, hosts.code[0], hosts.code[1]}, groups.size());
        if (is_new) groups.push_back({hosts.count, hosts.first, {}});
        groups[found->second].resources.push_back(
            {key.ref, key.change, key.paths, hosts.first.front(), hosts.sample});
    }
    return groups;
}

GroupList Groups::finish() const {
    GroupList list;
    list.groups = united();
    list.more = resources_.left_out.size();
    for (const auto& [key, hosts] : errors_.kept) {
        list.errors.push_back({{key[0], key[1], key[2], key[3]}, hosts.count, hosts.first});
    }
    list.more_errors = errors_.left_out.size();
    return list;
}

}  // namespace evenkeel::plans
