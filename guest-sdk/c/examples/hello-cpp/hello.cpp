// Lists the request's variables as a page, in C++11 without exceptions, run-time types and a standard library.
#define WASGI_IMPLEMENTATION
#include "wasgi.h"

namespace {

// Page is a document that grows, and escapes what it is given.
class Page {
public:
	Page &raw(const char *text) {
		wasgi_append_text(&buffer_, text);
		return *this;
	}

	Page &text(wasgi_bytes bytes) {
		size_t from = 0; // what stands before it is in the page
		for (size_t n = 0; n < bytes.len; n++) {
			if (const char *name = escaped(bytes.ptr[n])) {
				wasgi_append(&buffer_, bytes.ptr + from, n - from);
				raw(name);
				from = n + 1;
			}
		}
		wasgi_append(&buffer_, bytes.ptr + from, bytes.len - from);
		return *this;
	}

	wasgi_bytes content() const { return wasgi_content(&buffer_); }

private:
	static const char *escaped(char c) {
		switch (c) {
		case '<': return "&lt;";
		case '>': return "&gt;";
		case '&': return "&amp;";
		default: return nullptr;
		}
	}

	wasgi_buffer buffer_{};
};

// Variables lets an environ be used in a range-based for.
class Variables {
public:
	class Iterator {
	public:
		Iterator() {} // the end
		explicit Iterator(wasgi_bytes env) : it_(wasgi_each(env)) { ++*this; }
		const wasgi_pair &operator*() const { return pair_; }
		bool operator!=(const Iterator &other) const { return more_ != other.more_; }
		Iterator &operator++() {
			more_ = wasgi_next(&it_, &pair_);
			return *this;
		}

	private:
		wasgi_iterator it_{};
		wasgi_pair pair_{};
		bool more_ = false;
	};

	explicit Variables(wasgi_bytes env) : env_(env) {}
	Iterator begin() const { return Iterator(env_); }
	Iterator end() const { return Iterator(); }

private:
	wasgi_bytes env_;
};

} // namespace

wasgi_bytes wasgi_application(wasgi_bytes env) {
	Page page;
	page.raw("<!doctype html>\n<title>hello from C++</title>\n<table>\n");
	for (const wasgi_pair &variable : Variables(env)) {
		page.raw("<tr><th>").text(variable.name).raw("<td>").text(variable.value).raw("\n");
	}
	page.raw("</table>\n");
	return wasgi_respond("200 OK", "text/html; charset=utf-8", page.content());
}
