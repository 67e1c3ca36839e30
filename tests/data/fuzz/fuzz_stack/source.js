class A<T> extends B { constructor(x) { super(x); } f = async (a: string): Promise<T[]> => {
 return `a ${b ? { c: /[}\]]/g } : d} e`.map((x) => x / 2); // } '
 } }
const o = { "k": function () { if (a) { return <p>Don't {x}</p> } } }
