// A program that uses traits, closures, collections, formatting, iterators and wide integers.
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::rc::Rc;

trait Shape {
    fn area(&self) -> f64;
    fn name(&self) -> String {
        "shape".to_string()
    }
}

struct Circle(f64);
struct Square(f64);

impl Shape for Circle {
    fn area(&self) -> f64 {
        std::f64::consts::PI * self.0.powi(2)
    }
}

impl Shape for Square {
    fn area(&self) -> f64 {
        self.0 * self.0
    }
    fn name(&self) -> String {
        format!("square of {:?}", self.0)
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Expression {
    Number(i128),
    Add(Box<Expression>, Box<Expression>),
    Multiply(Box<Expression>, Box<Expression>),
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Expression::Number(n) => write!(f, "{}", n),
            Expression::Add(a, b) => write!(f, "({} + {})", a, b),
            Expression::Multiply(a, b) => write!(f, "{} * {}", a, b),
        }
    }
}

fn evaluate(e: &Expression) -> i128 {
    match e {
        Expression::Number(n) => *n,
        Expression::Add(a, b) => evaluate(a).wrapping_add(evaluate(b)),
        Expression::Multiply(a, b) => evaluate(a).wrapping_mul(evaluate(b)),
    }
}

fn expression(depth: u32, seed: &mut u64) -> Expression {
    *seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    let pick = *seed >> 33;
    if depth == 0 || pick % 5 == 0 {
        return Expression::Number((pick % 1000) as i128 - 500);
    }
    let (a, b) = (Box::new(expression(depth - 1, seed)), Box::new(expression(depth - 1, seed)));
    if pick % 2 == 0 {
        Expression::Add(a, b)
    } else {
        Expression::Multiply(a, b)
    }
}

fn collections() {
    let mut ordered = BTreeMap::new();
    let mut hashed: HashMap<String, Vec<usize>> = HashMap::new();
    for (i, word) in "the quick brown fox jumps over the lazy dog and the cat".split(' ').cycle().take(5000).enumerate() {
        *ordered.entry(word).or_insert(0) += i;
        hashed.entry(word.to_uppercase()).or_default().push(i);
    }
    println!("{:?}", ordered);
    for (word, at) in &hashed {
        print!("{}:{} ", word, at.iter().rev().step_by(7).sum::<usize>());
    }
    println!();
    let mut queue: VecDeque<u64> = (0..100).collect();
    for _ in 0..10_000 {
        let n = queue.pop_front().unwrap();
        queue.push_back(n.rotate_left(7) ^ 0x9e3779b97f4a7c15);
    }
    println!("{:x}", queue.iter().fold(0u64, |a, b| a.wrapping_add(*b)));
    let mut numbers: Vec<f64> = (0..20_000).map(|i| ((i * 7919) % 10_007) as f64 / 3.0).collect();
    numbers.sort_by(|a, b| b.partial_cmp(a).unwrap());
    println!("{:?} {}", &numbers[..5], numbers.iter().sum::<f64>());
}

fn closures() {
    let counter = Rc::new(std::cell::RefCell::new(0u32));
    let mut steps: Vec<Box<dyn FnMut(u32) -> u32>> = Vec::new();
    for i in 1..20 {
        let shared = counter.clone();
        steps.push(Box::new(move |n| {
            *shared.borrow_mut() += 1;
            n.wrapping_mul(i).wrapping_add(i << (n % 7))
        }));
    }
    let mut value = 1;
    for _ in 0..2000 {
        for step in steps.iter_mut() {
            value = step(value);
        }
    }
    println!("{} {} {}", value, counter.borrow(), Rc::strong_count(&counter));
}

fn main() {
    println!("{:?}", std::env::args().collect::<Vec<_>>());
    let shapes: Vec<Box<dyn Shape>> = vec![Box::new(Circle(1.5)), Box::new(Square(2.25))];
    for shape in &shapes {
        println!("{} {:.6} {:e}", shape.name(), shape.area(), shape.area());
    }
    let mut seed = 42;
    for depth in 1..9 {
        let e = expression(depth, &mut seed);
        let text = e.to_string();
        println!("{} {} {}", text.len(), &text[..text.len().min(60)], evaluate(&e));
        assert_eq!(e.clone(), e);
    }
    collections();
    closures();
    println!("{:?} {:?} {:?}", "12x".parse::<i32>(), "1e400".parse::<f64>(), u8::try_from(300).is_err());
    println!("{:?}", (1u128..60).product::<u128>().checked_mul(1 << 60));
    eprintln!("to stderr");
    println!("done");
    std::process::exit(7);
}
