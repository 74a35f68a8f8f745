#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sdk/tool/validate/bench.hpp"

namespace evenkeel::validate {

using Told = std::shared_ptr<Answers>;

// One open instance of the bench's collection; closed at the end.
class Instance {
  public:
    Instance(Bench& bench, const ek_collection& table, ek_instance* handle);
    ~Instance() { close(); }
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;
    void close();

    ek_instance* handle() const { return handle_; }

    Told list(const std::string& filter = {}, CallOptions options = {});
    Told read(const std::string& id, CallOptions options = {});
    Told read_all(const std::vector<std::string>& ids, CallOptions options = {});
    Told apply(const std::string& id, const json::Value& description, CallOptions options = {});
    Told plan(const std::string& id, const json::Value& description, CallOptions options = {});
    Told remove(const std::string& id, CallOptions options = {});
    Told apply_many(const std::string& entries, CallOptions options = {});
    Told invoke(const std::string& id, const std::string& action, const std::string& arguments);
    Told compare(const json::Value& description, const json::Value& state);
    Told upgrade(std::uint32_t from, const json::Value& description);
    Told normalize(const std::string& id);
    // With any bytes.
    Told apply_raw(std::string_view id, std::string_view description, CallOptions options = {});
    Told read_raw(std::string_view ids, CallOptions options = {});

    // The state that is read; null when the resource is absent. Throws Broken on a failure.
    json::Value state(const std::string& id);
    // The same calls, which have to succeed.
    Told must_apply(const std::string& id, const json::Value& description);
    void must_remove(const std::string& id);
    // Makes it absent if the collection can, or else skips.
    void clear(const std::string& id);

  private:
    template <typename Operation>
    Told run(CallOptions options, Operation&& operation);

    Bench& bench_;
    const ek_collection& table_;
    ek_instance* handle_;
};

// What is sent to `read`: a JSON array of these.
std::string ids_json(const std::vector<std::string>& ids);
std::string filter_json(const std::vector<std::string>& ids);

}  // namespace evenkeel::validate
