#pragma once

#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

namespace flotilla::client {

/// Something that is to happen at some time. It knows its place among the others, so that taking it
/// out costs no search and no memory.
class Timed {
 public:
  bool is_timed() const { return place_ != kNowhere; }

 private:
  friend class Timers;
  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);
  std::chrono::steady_clock::time_point when_;
  std::size_t place_ = kNowhere;
};

/// A heap: the next one is on top. It owns nothing; whatever is in it must be taken out before its
/// end.
class Timers {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  bool empty() const { return heap_.empty(); }
  TimePoint next_time() const { return heap_.front()->when_; }
  Timed& next() const { return *heap_.front(); }

  void set(Timed& timed, TimePoint when) {
    drop(timed);
    timed.when_ = when;
    heap_.push_back(&timed);
    raise(heap_.size() - 1);
  }
  void drop(Timed& timed) {
    if (!timed.is_timed()) return;
    const std::size_t place = std::exchange(timed.place_, Timed::kNowhere);
    Timed* const last = heap_.back();
    heap_.pop_back();
    if (last == &timed) return;
    heap_[place] = last;
    raise(sink(place));
  }

 private:
  /// Both move what is at `place` to where it belongs on its way to the top or down; it knows its
  /// place afterwards.
  void raise(std::size_t place) {
    Timed* const moved = heap_[place];
    for (std::size_t above; place > 0; place = above) {
      above = (place - 1) / 2;
      if (heap_[above]->when_ <= moved->when_) break;
      put(place, heap_[above]);
    }
    put(place, moved);
  }
  std::size_t sink(std::size_t place) {
    Timed* const moved = heap_[place];
    for (std::size_t below; (below = 2 * place + 1) < heap_.size(); place = below) {
      if (below + 1 < heap_.size() && heap_[below + 1]->when_ < heap_[below]->when_) ++below;
      if (moved->when_ <= heap_[below]->when_) break;
      put(place, heap_[below]);
    }
    put(place, moved);
    return place;
  }
  void put(std::size_t place, Timed* timed) {
    heap_[place] = timed;
    timed->place_ = place;
  }

  std::vector<Timed*> heap_;
};

}  // namespace flotilla::client
