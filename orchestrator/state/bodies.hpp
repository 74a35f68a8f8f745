#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "orchestrator/state/body.hpp"
#include "orchestrator/state/repository.hpp"

namespace evenkeel::state {

// The bodies, counted by reference. The body of a description is referenced by its resource while
// it is the desired one, by the resource's history afterwards, and by each unfinished command that
// delivers it; releasing the last reference deletes it. So a queued command keeps its description
// after the resource got new ones, and no garbage collection is needed. References are stored by
// resource: reading the unfinished commands of a resource does not read the others of its host. The
// body of an action belongs to its one command, and has no references.
class Bodies : protected Repository {
  public:
    explicit Bodies(const View& view) : Repository(view) {}

    // `corrupt` when there is none of this number: a reference keeps its body. O(1)
    Result<Body> get(std::uint64_t number) const;
    // How many bytes its record has; 0 when there is none. O(1)
    Result<std::size_t> bytes(std::uint64_t number) const;
    // The unfinished commands that bring something to this resource or take it away, the newest
    // first, without actions. False ends it. O(answer)
    using Visit = std::function<bool(std::uint64_t seq, std::string_view command)>;
    Result<void> each_command(std::string_view host, const wire::Ref& ref,
                              const Visit& visit) const;

    // How many descriptions of a resource are kept, the present one among them.
    static constexpr std::size_t kHistoryMost = 20;
    // What the resource was described as before, the newest first: numbers for get().
    // O(kHistoryMost)
    Result<std::vector<std::uint64_t>> history(std::string_view host, const wire::Ref& ref) const;
    // Whether a command has brought this description of the resource, the present or a former one,
    // to the machine; not known of commands that ended under a program before. O(1)
    Result<bool> has_succeeded(std::string_view host, const wire::Ref& ref,
                               std::uint64_t number) const;

  private:
    // The row of `holders` by which the resource or its history holds this body; empty when
    // neither does.
    Result<std::string> description_holder(std::string_view host, const wire::Ref& ref,
                                           std::uint64_t number) const;
    friend class BodyEdits;
};

class BodyEdits : public Bodies, private RepositoryEdits {
  public:
    explicit BodyEdits(Edit& edit);

    // Writes a body without references; returns its number, higher than all before. O(1)
    Result<std::uint64_t> add(const Body& body);
    // Deletes a body that has no references: an action's. O(1)
    Result<void> erase(std::uint64_t number);

    // From now on this body is what the resource is described as; the one before is history, the
    // oldest of which is let go. O(kHistoryMost)
    // Without `is_newer` it is of the same generation as the one before, which is let go instead.
    Result<void> hold(std::string_view host, const wire::Ref& ref, std::uint64_t number,
                      bool is_newer);
    // The resource is not described any more, and has no history. O(kHistoryMost + commands)
    Result<void> drop(std::string_view host, const wire::Ref& ref);
    // An unfinished command is about this resource and holds the body, if it is not 0. O(1)
    Result<void> hold_for_command(std::string_view host, const wire::Ref& ref, std::uint64_t seq,
                                  std::string_view command, std::uint64_t number);
    // A command has brought this description to the machine. O(1)
    Result<void> put_succeeded(std::string_view host, const wire::Ref& ref, std::uint64_t number);
    // The command has ended. O(unfinished commands of the resource)
    Result<void> release_from_command(std::string_view host, const wire::Ref& ref,
                                      std::uint64_t seq);

  private:
    // Removes the reference, and with the last one the body.
    Result<void> release(const std::string& prefix, const std::string& holder);
    Result<bool> is_held(const std::string& prefix, std::uint64_t number) const;
};

}  // namespace evenkeel::state
