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
#include <utility>

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

// How many hosts a second each of two works can do. They take turns, so that both have the same
// machine: it may be faster at one time than at another.
std::pair<double, double> per_second(double seconds, const std::vector<state::Host>& hosts,
                                     const std::function<void(const state::Host&)>& first,
                                     const std::function<void(const state::Host&)>& second) {
    double rounds = 0, first_took = 0, second_took = 0;
    while (first_took + second_took < 2 * seconds) {
        const double start = cpu_seconds();
        for (const state::Host& host : hosts) first(host);
        const double between = cpu_seconds();
        for (const state::Host& host : hosts) second(host);
        second_took += cpu_seconds() - between;
        first_took += between - start;
        ++rounds;
    }
    const double count = rounds * static_cast<double>(hosts.size());
    return {count / first_took, count / second_took};
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

// Renders the templates of the application, and nothing else.
class Rendering {
  public:
    Rendering(const std::vector<state::Host>& hosts, const json::Value& application) {
        for (const json::Value& resource : application["resources"].as_array()) {
            parse_strings(resource["id"], parsed_);
            parse_strings(resource["description"], parsed_);
        }
        for (const state::Host& host : hosts) {
            names_.emplace(host.id, PlainNames(host, application["parameters"]));
        }
    }

    void operator()(const state::Host& host) {
        PlainNames& of_host = names_.at(host.id);
        for (const templates::Template& one : parsed_) {
            must(one.render(of_host).has_value(), "a template does not render");
        }
    }

  private:
    std::vector<templates::Template> parsed_;
    std::map<std::string, PlainNames> names_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    const std::string folder = argv[1];
    const double seconds = std::atof(argv[3]);
    const std::string text(std::istreambuf_iterator<char>(std::cin), {});
    const json::Value application = must(json::parse(text));

    run::Loop loop;
    const auto state = must(state::State::open(folder + "/store", loop));
    const secrets::Protector protector(
        must(crypto::Sealer::open(folder + "/seal.key", crypto::Sealer::Missing::create)));
    const auto hosts = add_hosts(*state, must(read_file(argv[2])));
    const model::Model model = model_of(application, protector);
    const state::SchemaCache schemas;
    const auto view = must(state->read());
    plans::HostCompiler compiler(view, schemas, model, std::make_shared<plans::Peers>());

    std::size_t resources = 0;
    Rendering rendering(hosts, application);
    const auto compile = [&](const state::Host& host) {
        const auto made = must(compiler.compile(host));
        must(made.errors.empty(), made.errors.empty() ? "" : made.errors[0].detail);
        resources = made.resources.size();
    };
    const auto [compiled, rendered] = per_second(seconds, hosts, compile, std::ref(rendering));
    std::printf("{\"resources\":%zu,\"compiled\":%.1f,\"rendered\":%.1f}\n", resources, compiled,
                rendered);
}
