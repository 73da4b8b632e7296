document.querySelector("form.carry button").click();
