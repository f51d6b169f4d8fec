// A list with its index, shared by copies: of a hundred thousand rules nothing is copied.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace usher
{

/// Copies share the elements and `Index(elements)` until one of them is changed. The index may refer to the elements.
///
/// Several threads may have copies of one list, read the elements, and copy, assign and destroy lists of their own. Only one of
/// them may ask for the index unless it has been made before, and none may add to a list of which another thread has a copy.
template <typename Element, typename Index>
class IndexedList
{
  public:
    IndexedList() = default;
    IndexedList(std::initializer_list<Element> elements)
        : shared_(std::make_shared<Shared>(std::vector<Element>(elements)))
    {
    }

    [[nodiscard]] bool empty() const { return size() == 0; }
    [[nodiscard]] std::size_t size() const { return shared_ ? shared_->elements.size() : 0; }
    [[nodiscard]] const Element& operator[](std::size_t i) const { return shared_->elements[i]; }
    /// Throws std::out_of_range.
    [[nodiscard]] const Element& at(std::size_t i) const
    {
        if (i >= size()) {
            throw std::out_of_range("IndexedList");
        }
        return shared_->elements[i];
    }

    void push_back(Element element)
    {
        if (!shared_) {
            shared_ = std::make_shared<Shared>(std::vector<Element>());
        } else if (shared_.use_count() > 1) {
            shared_ = std::make_shared<Shared>(shared_->elements);
        }
        shared_->index.reset();
        shared_->elements.push_back(std::move(element));
    }

    /// Made when it is asked for first.
    [[nodiscard]] const Index& index() const
    {
        static const Index kNone;
        if (!shared_) {
            return kNone;
        }
        if (!shared_->index) {
            shared_->index.emplace(shared_->elements);
        }
        return *shared_->index;
    }

  private:
    struct Shared {
        explicit Shared(std::vector<Element> all) : elements(std::move(all)) {}

        std::vector<Element> elements;
        std::optional<Index> index = {};
    };

    std::shared_ptr<Shared> shared_;  // null: none
};

}  // namespace usher
