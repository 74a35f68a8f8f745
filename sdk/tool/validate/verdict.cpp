#include "sdk/tool/validate/verdict.hpp"

#include <cstring>
#include <exception>
#include <map>
#include <memory>
#include <utility>

#include "sdk/tool/validate/isolated.hpp"

namespace evenkeel::validate {
namespace {

void try_collections(Bench& bench, const Check& check, const RunOptions& options) {
    const ek_module& module = bench.module();
    std::string skipped;
    bool ran = false;
    for (std::size_t i = 0; i < module.collection_count; ++i) {
        const std::string name = copy(module.collections[i]->name);
        if (!options.collection.empty() && options.collection != name) continue;
        bench.choose(*module.collections[i]);
        try {
            const auto& given = bench.samples().settings().skip;
            for (const std::string& key : {std::string(check.id), std::string(1, check.id[0])})
                if (const auto why = given.find(key); why != given.end()) skip(why->second);
            std::unique_ptr<Isolated> isolated;
            if (options.isolated && std::strchr("DEFGHIJM", check.id[0]) != nullptr)
                isolated = std::make_unique<Isolated>(bench);
            check.run(bench);
            ran = true;
        } catch (const Skipped& why) {
            skipped += (skipped.empty() ? "" : "; ") + name + ": " + why.why;
        } catch (Broken& found) {
            throw Broken{name + ": " + found.what, found.record};
        }
    }
    if (!ran) skip(skipped.empty() ? "no such collection" : skipped);
}

}  // namespace

json::Object verdict_of(const Check& check, const RunOptions& options, const std::string& scratch,
                        const std::string& kept) {
    try {
        Bench bench({.file = options.file,
                     .settings = options.settings,
                     .scratch = scratch,
                     .kept = kept,
                     .target = options.target,
                     .seed = options.seed,
                     .scratch_machine = options.scratch_machine});
        if (check.scope == Scope::module) {
            check.run(bench);
        } else {
            try_collections(bench, check, options);
        }
        return {{"outcome", "pass"}};
    } catch (const Broken& found) {
        return {{"outcome", "fail"}, {"what", found.what}, {"record", found.record}};
    } catch (const Skipped& found) {
        return {{"outcome", "skip"}, {"what", found.why}};
    } catch (const std::exception& error) {
        return {{"outcome", "crash"},
                {"what", std::string("an exception leaves the plugin: ") + error.what()}};
    } catch (...) {
        return {{"outcome", "crash"}, {"what", "an exception leaves the plugin"}};
    }
}

void take(CheckResult& result, const json::Value& verdict) {
    static const std::map<std::string, Outcome> kOutcomes = {{"pass", Outcome::pass},
                                                             {"fail", Outcome::fail},
                                                             {"skip", Outcome::skip},
                                                             {"crash", Outcome::crash}};
    result.outcome = kOutcomes.at(verdict.string_or("outcome", "crash"));
    result.what = verdict.string_or("what");
    result.record = verdict.string_or("record");
}

}  // namespace evenkeel::validate
