#pragma once

#include <memory>
#include <vector>

#include "core/base/result.hpp"
#include "core/json/json.hpp"
#include "core/schema/schema.hpp"

namespace evenkeel::schema {

// The validator library behind a plain interface: one .cpp includes it, since it takes long to
// compile. Given schemas without `pattern` and $ref (see Rules, read_vocabulary). [any]
class Engine {
  public:
    static Result<Engine> compile(const json::Value& schema);
    Engine(Engine&&) noexcept;
    Engine& operator=(Engine&&) noexcept;
    ~Engine();

    void check(const json::Value& document, std::vector<FieldError>& errors) const;

  private:
    struct Inside;
    explicit Engine(std::unique_ptr<Inside> inside);
    std::unique_ptr<Inside> inside_;
};

}  // namespace evenkeel::schema
