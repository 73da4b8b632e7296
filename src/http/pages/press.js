document.querySelector("main button").click();
