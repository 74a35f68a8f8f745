#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "core/base/fd.hpp"
#include "core/json/json.hpp"

namespace evenkeel::validate {

struct BenchOptions;

// Another process that does something with the same plugin: what it changes was changed by somebody
// else. It is forked before the plugin is loaded.
class Stranger {
  public:
    explicit Stranger(const BenchOptions& options);
    ~Stranger();
    Stranger(const Stranger&) = delete;
    Stranger& operator=(const Stranger&) = delete;

    pid_t pid() const { return pid_; }

    // Throw Broken when the other process could not do it.
    void apply(const std::string& collection, const std::string& id,
               const json::Value& description);
    void remove(const std::string& collection, const std::string& id);
    // Null: it is not there.
    json::Value read(const std::string& collection, const std::string& id);
    // Applies one description after the other to one id, `times` in all.
    void churn(const std::string& collection, const std::string& id, const json::Value& first,
               const json::Value& second, int times);

  private:
    json::Value ask(json::Object request);

    Fd channel_;
    pid_t pid_ = -1;
};

}  // namespace evenkeel::validate
