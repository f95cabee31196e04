#pragma once

#include <atomic>
#include <condition_variable>
#include <coroutine>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

/// The least that coroutines need to use AsyncClient; other coroutine types can await its calls as
/// well.
namespace flotilla::client {

/// A coroutine that begins when it is awaited, and yields one T. Move-only; destroying it before it
/// has been awaited destroys what never began. Exceptions end the program: failures travel as
/// Expected.
template <class T>
class [[nodiscard]] Task {
 public:
  struct promise_type {  // NOLINT(readability-identifier-naming): the language asks for it.
    std::optional<T> value;
    std::coroutine_handle<> awaiter = std::noop_coroutine();

    Task get_return_object() {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct Resume {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> done) noexcept {
          return done.promise().awaiter;
        }
        void await_resume() noexcept {}
      };
      return Resume{};
    }
    template <class U>
    void return_value(U&& result) {
      value.emplace(std::forward<U>(result));
    }
    [[noreturn]] void unhandled_exception() { std::terminate(); }
  };

  Task(Task&& from) noexcept : handle_(std::exchange(from.handle_, nullptr)) {}
  Task& operator=(Task from) noexcept {
    std::swap(handle_, from.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) noexcept {
    handle_.promise().awaiter = awaiter;
    return handle_;
  }
  T await_resume() { return *std::move(handle_.promise().value); }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

namespace detail {

/// A coroutine that runs at once, by itself, and frees itself at its end.
struct Detached {
  struct promise_type {  // NOLINT(readability-identifier-naming): the language asks for it.
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() { std::terminate(); }
  };
};

/// Counts down to zero; one thread waits for it.
class Latch {
 public:
  explicit Latch(std::size_t count) : count_(count) {}
  void count_down() {
    std::lock_guard hold(lock_);
    if (--count_ == 0) done_.notify_all();
  }
  void wait() {
    std::unique_lock hold(lock_);
    done_.wait(hold, [this] { return count_ == 0; });
  }

 private:
  std::mutex lock_;
  std::condition_variable done_;
  std::size_t count_;
};

/// Counts down to zero; one coroutine awaits it, and goes on on the thread that counts last.
class Countdown {
 public:
  explicit Countdown(std::size_t count) : left_(count + 1) {}
  void count_down() {
    if (left_.fetch_sub(1) == 1) awaiter_.resume();
  }
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> awaiter) noexcept {
    awaiter_ = awaiter;
    return left_.fetch_sub(1) != 1;
  }
  void await_resume() const noexcept {}

 private:
  std::atomic<std::size_t> left_;  // One more than the count: the awaiter's own.
  std::coroutine_handle<> awaiter_;
};

template <class T, class Counter>
Detached run_into(Task<T>& task, std::optional<T>& result, Counter& counter) {
  result.emplace(co_await task);
  counter.count_down();
}

template <class T>
std::vector<T> values_of(std::vector<std::optional<T>> results) {
  std::vector<T> values;
  values.reserve(results.size());
  for (std::optional<T>& result : results) values.push_back(*std::move(result));
  return values;
}

}  // namespace detail

/// Runs all of them at the same time and blocks until the last one is done; the results stand in
/// the order of the tasks. Not from inside a coroutine: it would wait for itself.
template <class T>
std::vector<T> wait_all(std::vector<Task<T>> tasks) {
  std::vector<std::optional<T>> results(tasks.size());
  detail::Latch latch(tasks.size() + 1);
  for (std::size_t i = 0; i < tasks.size(); ++i) detail::run_into(tasks[i], results[i], latch);
  latch.count_down();
  latch.wait();
  return detail::values_of(std::move(results));
}

/// The same for coroutines: awaits all of them together.
///
///   const auto records = co_await gather(std::move(tasks));
template <class T>
Task<std::vector<T>> gather(std::vector<Task<T>> tasks) {
  std::vector<std::optional<T>> results(tasks.size());
  detail::Countdown countdown(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) detail::run_into(tasks[i], results[i], countdown);
  co_await countdown;
  co_return detail::values_of(std::move(results));
}

template <class T>
T wait(Task<T> task) {
  std::vector<Task<T>> one;
  one.push_back(std::move(task));
  return std::move(wait_all(std::move(one)).front());
}

}  // namespace flotilla::client
