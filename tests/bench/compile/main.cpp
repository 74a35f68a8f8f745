// How many hosts are compiled a second on one core, and the floor of it: the templates of the same
// application rendered alone, with names that are there already.
//   bench_compile FOLDER SCHEMA SECONDS < APPLICATION
// FOLDER is for a store with hosts, SCHEMA the file of that of the collection files, and
// APPLICATION the body of one whose parameters have defaults. Prints
// {"resources","compiled","rendered"}: hosts for a second of CPU.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <iostream>
#include <iterator>
#include <memory>

#include "core/base/file.hpp"
#include "core/crypto/hash.hpp"
#include "core/run/loop.hpp"
#include "core/secrets/protector.hpp"
#include "orchestrator/compile/names.hpp"
#include "orchestrator/plans/host_compiler.hpp"
#include "orchestrator/plans/peers.hpp"
#include "orchestrator/state/collections.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/schema_cache.hpp"
#include "orchestrator/state/state.hpp"

namespace {

using namespace evenkeel;

constexpr int kHosts = 100;

template <typename T>
T must(Result<T> result) {
    if (result) return *std::move(result);
    std::fprintf(stderr, "bench_compile: %s\n", result.error().what.c_str());
    std::exit(1);
}
void must(const Result<void>& result) {
    if (!result) must(Result<int>(fail(result.error())));
}
void must(bool is_good, const std::string& why) {
    if (!is_good) must(Result<int>(fail(Errc::invalid, why)));
}

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double per_second(double seconds, const std::vector<state::Host>& hosts,
                  const std::function<void(const state::Host&)>& work) {
    const double start = cpu_seconds();
    double count = 0, took = 0;
    while (took < seconds) {
        for (const state::Host& host : hosts) work(host);
        count += static_cast<double>(hosts.size());
        took = cpu_seconds() - start;
    }
    return count / took;
}

std::vector<state::Host> add_hosts(state::State& state, const std::string& schema) {
    const std::string sha256 = crypto::sha256_hex(schema);
    std::vector<state::Host> hosts;
    for (int i = 0; i < kHosts; ++i) {
        state::Host host;
        host.id = "host_" + std::to_string(i);
        host.name = "web" + std::to_string(i);
        host.labels = json::Object{{"role", "web"}, {"rack", i % 10}};
        hosts.push_back(std::move(host));
    }
    must(state.run([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(edit.collections().put_schema(sha256, schema));
        for (const state::Host& host : hosts) {
            EK_CHECK(edit.hosts().put(host));
            EK_CHECK(edit.collections().replace(
                host.id, {{.name = "files", .plugin = "files", .schema_sha256 = sha256}}));
        }
        return {};
    }));
    return hosts;
}

// One application, with its defaults and one setting for all, assigned to every host.
model::Model model_of(const json::Value& application, const secrets::Protector& protector) {
    const model::Lookup lookup{
        .id_of = [](std::string_view) { return std::string(); },
        .has_hosts_in = [](std::string_view) { return true; },
        .body_of = [](std::string_view, std::uint32_t) { return json::Value(); }};
    model::Edited made =
        model::edit(model::Model(),
                    {{model::ModelKind::application, "web", application},
                     {model::ModelKind::assignment, "web", json::Object{{"application", "web"}}},
                     {model::ModelKind::setting, "global port", json::Object{{"value", 8080}}}},
                    lookup, protector);
    for (const model::WrongChange& wrong : made.wrong) must(false, wrong.detail);
    return std::move(made.model);
}

// The names of one host as they are, and nothing else.
class PlainNames final : public templates::NameSource {
  public:
    PlainNames(const state::Host& host, const json::Value& parameters) {
        names_ = json::Object{{"host", compile::value_of(plans::compiled_host(host))},
                              {"environment", json::Object{{"name", host.environment}}},
                              {"application", json::Object{{"name", "web"}, {"version", 1}}}};
        for (const auto& [key, parameter] : parameters["properties"].as_object()) {
            names_.as_object().append(key, parameter["default"]);
        }
    }

    Result<templates::FoundName> find(std::string_view name) override {
        return templates::FoundName{names_.find(name)};
    }
    std::vector<std::string> known() override { return {}; }

  private:
    json::Value names_;
};

void parse_strings(const json::Value& value, std::vector<templates::Template>& parsed) {
    if (value.is_object()) {
        for (const auto& [key, member] : value.as_object()) parse_strings(member, parsed);
    } else if (value.is_string()) {
        auto made = templates::Template::parse(value.as_string(), compile::condition_reader());
        must(made.has_value(), value.as_string());
        parsed.push_back(*std::move(made));
    }
}

double render_alone(double seconds, const std::vector<state::Host>& hosts,
                    const json::Value& application) {
    std::vector<templates::Template> parsed;
    for (const json::Value& resource : application["resources"].as_array()) {
        parse_strings(resource["id"], parsed);
        parse_strings(resource["description"], parsed);
    }
    std::map<std::string, PlainNames> names;
    for (const state::Host& host : hosts) {
        names.emplace(host.id, PlainNames(host, application["parameters"]));
    }
    return per_second(seconds, hosts, [&](const state::Host& host) {
        PlainNames& of_host = names.at(host.id);
        for (const templates::Template& one : parsed) {
            must(one.render(of_host).has_value(), "a template does not render");
        }
    });
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    const std::string folder = argv[1];
    const double seconds = std::atof(argv[3]);
    const std::string text(std::istreambuf_iterator<char>(std::cin), {});
    const json::Value application = must(json::parse(text));

    run::Loop loop;
    const auto state = must(state::State::open(folder + "/store", loop.poster()));
    const secrets::Protector protector(
        must(crypto::Sealer::open(folder + "/seal.key", crypto::Sealer::Missing::create)));
    const auto hosts = add_hosts(*state, must(read_file(argv[2])));
    const model::Model model = model_of(application, protector);
    const state::SchemaCache schemas;
    const auto view = must(state->read());
    plans::HostCompiler compiler(view, schemas, model, std::make_shared<plans::Peers>());

    std::size_t resources = 0;
    const double compiled = per_second(seconds, hosts, [&](const state::Host& host) {
        const auto made = must(compiler.compile(host));
        must(made.errors.empty(), made.errors.empty() ? "" : made.errors[0].detail);
        resources = made.resources.size();
    });
    std::printf("{\"resources\":%zu,\"compiled\":%.1f,\"rendered\":%.1f}\n", resources, compiled,
                render_alone(seconds, hosts, application));
}
