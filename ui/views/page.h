// What every page of the window has: a heading, room for actions beside it, a body that scrolls
// or not, and an answer to the keys that the window handles for all of them.
#pragma once

#include "ui/widgets/buttons.h"

#include <QWidget>

class QHBoxLayout;
class QVBoxLayout;

namespace sealift {

class TextLabel;

class Page : public QWidget {
  Q_OBJECT

 public:
  explicit Page(const QString& name, QWidget* parent = nullptr);

  virtual void refresh() {}                    // F5
  virtual void focusSearch() {}                // Ctrl+F
  virtual void leave() {}                      // Escape
  virtual QString help() const { return {}; }  // F1: the page of the help that fits; empty: the first one

 protected:
  // Margins, then a row with `title` and the actions; the rest of the page goes to body().
  void buildFrame(const QString& title);
  void setTitle(const QString& title);
  void addHeaderAction(QPushButton* button);
  QVBoxLayout* body() const { return body_; }
  // Makes the whole body scroll, down to the window's edge; what is in it goes to the layout that this gives.
  QVBoxLayout* buildScrollBody(const QString& name);

 private:
  TextLabel* title_ = nullptr;
  QHBoxLayout* actions_ = nullptr;
  QVBoxLayout* body_ = nullptr;
};

// Removes and deletes everything in a layout.
void clearLayout(QLayout* layout);

}  // namespace sealift
